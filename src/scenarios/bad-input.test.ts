/** What people and programs send wrongly: a clear error each, nothing crashes, nothing is lost. */
import { afterAll, beforeAll, describe, expect, test } from "bun:test";
import { once } from "node:events";
import { copyFileSync, readFileSync, truncateSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { eventually, Testbed } from "./appliance.testbed.ts";
import { ApplianceProcess } from "./appliance-process.ts";
import { chat } from "./chat.ts";

const demoModel = join(import.meta.dir, "../../agent/weights/demo/hypervize-demo.gguf");
const testbed = new Testbed();
let appliance: ApplianceProcess;
let key: string;

beforeAll(async () => {
  appliance = await ApplianceProcess.create(testbed);
  await appliance.addAgent();
  await appliance.addDemoModel();
  await appliance.ready();
  key = (await appliance.createKey()).key;
}, 60_000);
afterAll(() => testbed.end(), 30_000);

interface Envelope {
  error: { message: string; type: string; param: string | null; code: string | null };
}

/** The error of a response, after checking what every error must have. */
async function errorOf(response: Response): Promise<Envelope["error"]> {
  const body = (await response.json()) as Envelope;
  expect(Object.keys(body.error).toSorted()).toEqual(["code", "message", "param", "type"]);
  expect(response.headers.get("x-request-id")).toStartWith("req_");
  expect(body.error.message).toMatch(/[.?!]$/);
  return body.error;
}

function post(body: BodyInit, headers: Record<string, string> = {}): Promise<Response> {
  return fetch(`${appliance.url}/v1/chat/completions`, {
    method: "POST",
    headers: { authorization: `Bearer ${key}`, "content-type": "application/json", ...headers },
    body,
  });
}

describe("requests", () => {
  const secret = "canary-in-a-broken-body";

  test.each([
    ["malformed JSON", `{"model": "${secret}`, 400],
    ["a body that is no object", `["${secret}"]`, 400],
    ["no model", "{}", 400],
    ["no messages", '{"model":"hypervize-demo"}', 400],
    ["messages of a wrong type", `{"model":"hypervize-demo","messages":"${secret}"}`, 400],
    ["an unknown model", '{"model":"nope","messages":[{"role":"user","content":"x"}]}', 404],
  ])("%s is refused, and the text is not echoed", async (_, body, status) => {
    const response = await post(body);
    expect(response.status).toBe(status);
    expect((await errorOf(response)).message).not.toContain(secret);
  });

  test("a body of 100 MB is refused, and the next request is served", async () => {
    const response = await post(new Uint8Array(100_000_000).fill(32));
    expect(response.status).toBe(413);
    expect((await errorOf(response)).code).toBe("request_too_large");
    expect((await chat(appliance.url, key, "Hello")).status).toBe(200);
  }, 30_000);

  test("a missing key is 401 and says how to send one", async () => {
    const response = await fetch(`${appliance.url}/v1/models`);
    expect(response.status).toBe(401);
    expect(response.headers.get("www-authenticate")).toBe("Bearer");
    expect((await errorOf(response)).message).toContain("Authorization: Bearer");
  });

  test("a revoked key is refused from the next request on", async () => {
    const made = await appliance.createKey("short");
    expect((await chat(appliance.url, made.key, "Hello")).status).toBe(200);
    await appliance.api(`/api/keys/${made.id}`, undefined, "DELETE");
    const response = await chat(appliance.url, made.key, "Hello");
    expect(response.status).toBe(401);
    expect((await errorOf(response)).code).toBe("invalid_api_key");
  });

  test("unknown paths are 404 with the envelope, on every side of the house", async () => {
    for (const path of ["/v1/_unknown", "/api/_unknown", "/v1/files"]) {
      const response = await fetch(appliance.url + path, {
        headers: { authorization: `Bearer ${key}` },
      });
      expect([path, response.status]).toEqual([path, 404]);
      await errorOf(response);
    }
  });
});

describe("agents", () => {
  /** Exit code and last words of an agent that is started with this token. */
  async function joinWith(token: string) {
    return testbed.run(["agent", "--home", testbed.folder(), "--join", token]);
  }

  test("something that is no token is refused", async () => {
    const { code, err } = await joinWith("hvj_nonsense");
    expect(code).toBe(1);
    expect(err).toContain("join token");
  });

  test("a token with another CA's fingerprint is refused before anything is sent", async () => {
    const other = await ApplianceProcess.create(testbed);
    const { token } = await other.api<{ token: string }>("/api/hosts/join-tokens", {});
    await other.kill("SIGTERM");
    const swapped = await testbed.run([
      "agent",
      ...["--home", testbed.folder(), "--join", token],
      ...["--server", `127.0.0.1:${appliance.agent_port}`],
    ]);
    expect(swapped.code).toBe(1);
    expect(swapped.err).toContain("not the control plane that made this join token");
  }, 30_000);

  test("a used token is refused, and the host that used it stays", async () => {
    const before = (await appliance.hosts()).length;
    const { token } = await appliance.api<{ token: string }>("/api/hosts/join-tokens", {});
    const first = testbed.spawn([
      "agent",
      ...["--home", testbed.folder(), "--join", token, "--stop-runtimes-on-exit"],
    ]);
    await eventually(
      "the first one joins",
      async () => (await appliance.hosts()).length === before + 1,
    );
    const { code, err } = await joinWith(token);
    expect(code).toBe(1);
    expect(err).toContain("used");
    expect(await appliance.hosts()).toHaveLength(before + 1);
    first.kill("SIGTERM");
    await once(first, "exit");
  }, 30_000);
});

describe("weights", () => {
  test.each([
    ["truncated", (file: string) => truncateSync(file, 100_000)],
    [
      "overwritten in its header",
      (file: string) => writeFileSync(file, "not a model", { flag: "r+" }),
    ],
  ])(
    "a GGUF that is %s is a failed replica with its cause",
    async (name, damage) => {
      const file = join(testbed.folder(), "damaged.gguf");
      copyFileSync(demoModel, file);
      damage(file);
      const damaged = `damaged-${name.split(" ")[0]}`;
      await appliance.api("/api/models", { name: damaged, source: `file://${file}` });
      const replica = await eventually("a failed replica", async () =>
        (await appliance.hosts())
          .flatMap((host) => host.replicas)
          .find((r) => r.model === damaged && r.state === "failed"),
      );
      expect(replica.cause).not.toBe("");
      expect(replica.detail.length).toBeGreaterThan(10);
      const response = await post(
        JSON.stringify({ model: damaged, messages: [{ role: "user", content: "x" }] }),
      );
      expect(response.status).toBe(503);
      await errorOf(response);
      expect((await chat(appliance.url, key, "Hello")).status).toBe(200);
    },
    30_000,
  );

  test("a file that is not there is said to be not there", async () => {
    await appliance.api("/api/models", { name: "absent", source: "file:///nowhere/model.gguf" });
    const replica = await eventually("a failed replica", async () =>
      (await appliance.hosts())
        .flatMap((host) => host.replicas)
        .find((r) => r.model === "absent" && r.state === "failed"),
    );
    expect(replica).toMatchObject({ cause: "not_found" });
  });
});

test("a canary prompt and its answer are nowhere on disk", async () => {
  const canary = "canary-7f3a-prompt";
  const response = await chat(appliance.url, key, canary);
  expect(response.status).toBe(200);
  await appliance.api("/api/usage/events");
  const found: string[] = [];
  for (const home of testbed.folders()) {
    for (const file of new Bun.Glob("**/*").scanSync({ cwd: home, dot: true, onlyFiles: true })) {
      if (readFileSync(join(home, file)).includes(canary)) found.push(file);
    }
  }
  expect(found).toEqual([]);
});
