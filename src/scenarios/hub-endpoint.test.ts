/** Endpoints whose weights lie on a hub: what can be refused is refused at once, the rest shows its progress. */
import { afterAll, beforeAll, expect, test } from "bun:test";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { HubTestbed } from "../../agent/weights/hub/hub.testbed.ts";
import type { EndpointView } from "../app/control-api.ts";
import { eventually, Testbed } from "./appliance.testbed.ts";
import { ApplianceProcess } from "./appliance-process.ts";
import { EndpointClient } from "./endpoint-client.ts";

const demo = join(import.meta.dir, "../../agent/weights/demo/hypervize-demo.gguf");
const token = "hf_of_a_person";
const testbed = new Testbed();
const before = process.env["HF_ENDPOINT"];
let hub: HubTestbed;
let appliance: ApplianceProcess;

beforeAll(async () => {
  hub = await HubTestbed.start({
    repos: {
      "org/demo": { files: { "demo-Q4_K_M.gguf": demo, "README.md": new Uint8Array(9) } },
      "org/gated": { files: { "gated-Q4_K_M.gguf": demo }, gated: token },
    },
  });
  process.env["HF_ENDPOINT"] = hub.url;
  appliance = await ApplianceProcess.create(testbed);
  await appliance.addAgent();
  await eventually("a host is up", async () => (await appliance.hosts())[0]?.status === "up");
}, 60_000);
afterAll(async () => {
  await testbed.end();
  await hub.stop();
  if (before === undefined) delete process.env["HF_ENDPOINT"];
  else process.env["HF_ENDPOINT"] = before;
}, 30_000);

test("the weights come down with a progress that people can see, and the endpoint answers", async () => {
  hub.bytes_per_s = 3_000_000;
  const endpoint = await EndpointClient.provision(appliance, { model: "org/demo" });
  const view = await eventually("it downloads", async () => {
    const now = await endpoint.view();
    return now.phase === "downloading" && (now.progress?.downloaded_bytes ?? 0) > 0 && now;
  });
  expect(view.progress?.download_bytes).toBe(readFileSync(demo).length);
  expect(view.runs.source).toMatch(/^hf:org\/demo@[0-9a-f]{40}:demo-Q4_K_M\.gguf$/);
  expect(view.sizing?.source).toBe("headers");
  await endpoint.is("up");
  expect((await endpoint.chat("Hello")).status).toBe(200);
  const sent = hub.sent();
  await endpoint.remove();
  await endpoint.isGone();
  hub.bytes_per_s = undefined;
  const second = await EndpointClient.provision(appliance, { model: "org/demo" });
  await second.is("up");
  // Its beginning is read again to size it, which of so small a file is all; a download would double that.
  expect(hub.sent() - sent).toBeLessThanOrEqual(readFileSync(demo).length);
}, 60_000);

test("a gated model works with a token, which is shown to nobody", async () => {
  const endpoint = await EndpointClient.provision(appliance, {
    model: "org/gated:Q4_K_M",
    hf_token: token,
  });
  await endpoint.is("up");
  const view = JSON.stringify(await endpoint.view());
  expect(view).not.toContain(token);
  for (const home of testbed.folders()) {
    for (const file of new Bun.Glob("**/*").scanSync({ cwd: home, dot: true, onlyFiles: true })) {
      expect([file, readFileSync(join(home, file)).includes(token)]).toEqual([file, false]);
    }
  }
}, 30_000);

interface Refused {
  error: { message: string; code: string | null; param: string | null };
}

test.each([
  ["a model that does not exist", { model: "org/nothing" }, "model", "model_not_found"],
  ["a gated model without a token", { model: "org/gated" }, "hf_token", "gated_model"],
  ["a word that no file matches", { model: "org/demo:Q8_0" }, "model", null],
  ["the wrong runtime for the format", { model: "org/demo", runtime: "vllm" }, "runtime", null],
  ["what fits nowhere", { model: "org/demo", concurrency: 4096, context: 8192 }, null, null],
  ["a GPU that nobody has", { model: "org/demo", gpu: { count: 8 } }, "model", "no_capacity"],
  ["a refused argument", { model: "org/demo", args: ["--host=0.0.0.0"] }, "args", null],
  ["min above max", { model: "org/demo", min_replicas: 3, max_replicas: 1 }, "min_replicas", null],
  ["a negative idle timeout", { model: "org/demo", idle_timeout_s: -1 }, "idle_timeout_s", null],
  ["an unknown field", { model: "org/demo", replicas: 3 }, "replicas", null],
])("%s is refused at once with a reason, and nothing is made", async (_, body, param, code) => {
  const count = async () =>
    (await appliance.api<{ data: EndpointView[] }>("/api/endpoints")).data.length;
  const there = await count();
  const response = await fetch(`${appliance.url}/api/provision`, {
    method: "POST",
    headers: {
      authorization: `Bearer ${await appliance.adminKey()}`,
      "content-type": "application/json",
    },
    body: JSON.stringify(body),
  });
  const { error } = (await response.json()) as Refused;
  expect([response.status, error.message]).toEqual([400, expect.stringMatching(/\.$/)]);
  if (param !== null) expect(error.param).toBe(param);
  if (code !== null) expect(error.code).toBe(code);
  expect(await count()).toBe(there);
});
