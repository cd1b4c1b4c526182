/** A service elsewhere, over TLS, as a part of the shared models: added, asked, tested, taken away. */
import { afterAll, beforeAll, expect, test } from "bun:test";
import { readdirSync, readFileSync, statSync } from "node:fs";
import { join } from "node:path";
import type { ProviderView } from "../app/control-api.ts";
import { selfSigned } from "../gateway/upstream/certificate.testbed.ts";
import { eventually, Testbed } from "./appliance.testbed.ts";
import { ApplianceProcess } from "./appliance-process.ts";
import { chat } from "./chat.ts";

const secret = "sk-canary-of-the-provider";
const testbed = new Testbed();
const asked: string[] = [];
let appliance: ApplianceProcess;
let provider: ProviderView;
let key: string;

beforeAll(async () => {
  const tls = await selfSigned("dns", "localhost");
  const folder = testbed.folder();
  await Bun.write(join(folder, "ca.pem"), tls.cert);
  const service = Bun.serve({ hostname: "127.0.0.1", port: 0, tls, fetch: answer });
  testbed.defer(() => service.stop(true));
  // As an operator makes a private CA known to OpenSSL, and so to us.
  const before = process.env["SSL_CERT_FILE"];
  process.env["SSL_CERT_FILE"] = join(folder, "ca.pem");
  appliance = await ApplianceProcess.create(testbed);
  if (before === undefined) delete process.env["SSL_CERT_FILE"];
  else process.env["SSL_CERT_FILE"] = before;
  key = (await appliance.createKey()).key;
  provider = await appliance.api<ProviderView>("/api/providers", {
    name: "Far",
    base_url: `https://localhost:${service.port}/openai/v1`,
    api_key: secret,
    models: [{ name: "far/model", upstream: "theirs" }],
  });
}, 60_000);
afterAll(() => testbed.end(), 30_000);

async function answer(request: Request): Promise<Response> {
  const { pathname } = new URL(request.url);
  asked.push(`${pathname} ${request.headers.get("authorization")}`);
  if (request.headers.get("authorization") !== `Bearer ${secret}`) {
    return Response.json({ error: { message: "No." } }, { status: 401 });
  }
  if (pathname.endsWith("/models")) return Response.json({ data: [{ id: "theirs" }] });
  const { model, stream } = (await request.json()) as { model: string; stream?: boolean };
  const usage = { prompt_tokens: 3, completion_tokens: 1, total_tokens: 4 };
  const say = (choice: object) => ({ model, choices: [{ index: 0, ...choice }], usage });
  if (!stream) return Response.json(say({ message: { role: "assistant", content: "Hi." } }));
  const frame = JSON.stringify(say({ delta: { content: "Hi." }, finish_reason: "stop" }));
  const headers = { "content-type": "text/event-stream" };
  return new Response(`data: ${frame}\n\ndata: [DONE]\n\n`, { headers });
}

const ask = (more: Record<string, unknown> = {}) =>
  chat(appliance.url, key, "Hello", { model: "far/model", ...more });

test("its model is there as soon as it is added, whole and as a stream", async () => {
  await eventually("the model is served", async () => (await ask()).status === 200);
  const whole = (await (await ask()).json()) as { choices: { message: { content: string } }[] };
  expect(whole.choices[0]?.message.content).toBe("Hi.");
  expect(await (await ask({ stream: true })).text()).toContain('"content":"Hi."');
  expect(new Set(asked)).toEqual(new Set([`/openai/v1/chat/completions Bearer ${secret}`]));
});

test("its key is nowhere: not in an answer, not in a file of the home", async () => {
  const said = await appliance.api(`/api/providers/${provider.id}/test`, {});
  expect(said).toEqual({ ok: true, models: ["theirs"], message: "Far answers, and has 1 model." });
  expect(JSON.stringify(await appliance.api("/api/providers"))).not.toContain("canary");
  const files = readdirSync(appliance.home, { recursive: true, encoding: "utf8" })
    .map((name) => join(appliance.home, name))
    .filter((file) => statSync(file).isFile());
  expect(files.some((file) => file.endsWith("hypervize.db"))).toBe(true);
  for (const file of files) expect(readFileSync(file, "latin1")).not.toContain("canary");
});

test("with a wrong key its 401 is not the client's", async () => {
  await appliance.api(`/api/providers/${provider.id}`, { api_key: "wrong" }, "PATCH");
  await eventually("the new key is used", async () => (await ask()).status === 502);
  expect(await (await ask()).json()).toMatchObject({ error: { code: "upstream_error" } });
});

test("switched off, its model is gone", async () => {
  await appliance.api(`/api/providers/${provider.id}`, { enabled: false }, "PATCH");
  await eventually("the model is gone", async () => (await ask()).status === 404);
});
