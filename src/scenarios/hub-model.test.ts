/** Shared models whose weights lie on a hub, and a folder for an engine that needs whole GPUs. */
import { afterAll, beforeAll, expect, test } from "bun:test";
import { readFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { FakeSmi } from "../../agent/hardware/fake-smi.testbed.ts";
import { EngineEnvironment } from "../../agent/runtimes/fakes/environment.testbed.ts";
import { HubTestbed } from "../../agent/weights/hub/hub.testbed.ts";
import type { ModelView } from "../app/control-api.ts";
import { safetensors } from "../control/scheduler/sizing/safetensors.testbed.ts";
import truth from "../control/scheduler/sizing/truth.json";
import { eventually, Testbed } from "./appliance.testbed.ts";
import { ApplianceProcess } from "./appliance-process.ts";
import { chat } from "./chat.ts";

const demo = join(import.meta.dir, "../../agent/weights/demo/hypervize-demo.gguf");
const pair = new URL("../../agent/hardware/samples/h200-pair.csv", import.meta.url);
const token = "hf_of_a_person";
const testbed = new Testbed();
const smi = new FakeSmi(readFileSync(pair, "utf8"));
const environment = new EngineEnvironment({ vllm: "0.30.0", sglang: "0.5.5" });
const before = process.env["HF_ENDPOINT"];
let hub: HubTestbed;
let appliance: ApplianceProcess;
let key: string;

beforeAll(async () => {
  const config = JSON.stringify(truth.configs["Qwen/Qwen3-0.6B"].config);
  hub = await HubTestbed.start({
    repos: {
      "org/demo": { files: { "demo-Q4_K_M.gguf": demo, "demo-Q8_0.gguf": demo } },
      "org/two": { files: { "m-Q6_K.gguf": demo, "m-Q8_0.gguf": demo } },
      "org/gated": { files: { "gated-Q4_K_M.gguf": demo }, gated: token },
      "org/tensors": {
        files: {
          "config.json": Buffer.from(config),
          "model.safetensors": Buffer.from(safetensors(64)),
        },
      },
    },
  });
  process.env["HF_ENDPOINT"] = hub.url;
  appliance = await ApplianceProcess.create(testbed);
  await appliance.addAgent();
  const path = `PATH=${environment.bin}:${dirname(smi.path)}:${process.env["PATH"]}`;
  await appliance.addAgent(testbed.folder(), ["env", path]);
  await eventually("both hosts are up", async () => {
    const hosts = await appliance.hosts();
    return hosts.length === 2 && hosts.every(({ status }) => status === "up");
  });
  ({ key } = await appliance.createKey());
}, 60_000);
afterAll(async () => {
  await testbed.end();
  environment.end();
  smi.end();
  await hub.stop();
  if (before === undefined) delete process.env["HF_ENDPOINT"];
  else process.env["HF_ENDPOINT"] = before;
}, 30_000);

const add = (body: Record<string, unknown>): Promise<ModelView> =>
  appliance.api<ModelView>("/api/models", body);
const look = (name: string): Promise<ModelView> => appliance.api<ModelView>(`/api/models/${name}`);
const remove = (name: string): Promise<void> =>
  appliance.api<void>(`/api/models/${name}`, undefined, "DELETE");
const hello = (model: string) => chat(appliance.url, key, "Hello", { model });

test("a model of the hub comes down with a progress, answers on /v1, and is there after a restart", async () => {
  hub.bytes_per_s = 3_000_000;
  const added = await add({ name: "llama", model: "org/demo:Q8_0", replicas: 1 });
  expect(added.source).toMatch(/^hf:org\/demo@[0-9a-f]{40}:demo-Q8_0\.gguf$/);
  expect([added.runtime, added.asked.source]).toEqual(["llama-server", "org/demo:Q8_0"]);
  const seen = await eventually("it downloads", async () => {
    const now = await look("llama");
    return now.phase === "downloading" && (now.progress?.downloaded_bytes ?? 0) > 0 && now;
  });
  expect([seen.status, seen.progress?.download_bytes]).toEqual([
    "starting",
    readFileSync(demo).length,
  ]);
  const early = await hello("llama");
  expect([early.status, await early.text()]).toEqual([503, expect.stringContaining("downloaded")]);
  const listed = await testbed.run(["models", "--home", appliance.home]);
  expect(listed.out).toMatch(/llama +(?:downloading|loading|warming|up)/);
  hub.bytes_per_s = undefined;
  const ready = await appliance.ready(1, "llama");
  expect(ready.placement).toMatchObject([{ state: "ready" }]);
  expect(ready.placement[0]?.bytes_per_device).toBeGreaterThan(readFileSync(demo).length);
  expect(ready.placement[0]?.devices).toHaveLength(1);
  expect((await hello("llama")).status).toBe(200);

  await appliance.kill("SIGTERM");
  await appliance.start();
  const again = await appliance.ready(1, "llama");
  expect([again.source, again.placement[0]?.replica]).toEqual([
    ready.source,
    ready.placement[0]?.replica,
  ]);
  expect((await hello("llama")).status).toBe(200);
  await remove("llama");
}, 90_000);

test("a gated model works with a token, which lies nowhere in the clear", async () => {
  const { has_hf_token } = await add({ name: "gated", source: "org/gated", hf_token: token });
  expect(has_hf_token).toBe(true);
  await appliance.ready(1, "gated");
  expect((await hello("gated")).status).toBe(200);
  for (const home of testbed.folders()) {
    for (const file of new Bun.Glob("**/*").scanSync({ cwd: home, dot: true, onlyFiles: true })) {
      expect([file, readFileSync(join(home, file)).includes(token)]).toEqual([file, false]);
    }
  }
  await remove("gated");
}, 60_000);

test("a token that has lost its right fails with what to do, and a good one in its place starts it", async () => {
  // Bytes that no host has yet: what is there needs no token.
  const files = { "m-Q4_K_M.gguf": Buffer.concat([readFileSync(demo), Buffer.alloc(64)]) };
  hub.repos["org/moody"] = { files, gated: token };
  await add({ name: "moody", source: "org/moody", hf_token: token, replicas: 0 });
  hub.repos["org/moody"] = { files, gated: "hf_new" };
  const patch = (body: object) => appliance.api("/api/models/moody", body, "PATCH");
  await patch({ replicas: 1 });
  const failed = await eventually("it fails", async () => {
    const now = await look("moody");
    return now.status === "failed" && now;
  });
  expect([failed.cause, failed.problem]).toEqual([
    "gated_model",
    expect.stringContaining("hf_token"),
  ]);
  await patch({ hf_token: "hf_new" });
  await appliance.ready(1, "moody");
  expect((await hello("moody")).status).toBe(200);
  await remove("moody");
}, 60_000);

test("safetensors of the hub, and a folder, run on vLLM, each on a whole GPU", async () => {
  const hubModel = await add({ name: "tensors", source: "org/tensors", context_tokens: 2048 });
  expect(hubModel).toMatchObject({ runtime: "vllm", context_tokens: 2048 });
  await add({ name: "folder", source: `file://${environment.model}`, context_tokens: 2048 });
  const [first, second] = await Promise.all([
    appliance.ready(1, "tensors"),
    appliance.ready(1, "folder"),
  ]);
  const [one, two] = [first.placement[0]?.devices ?? [], second.placement[0]?.devices ?? []];
  expect([one.length, two.length]).toEqual([1, 1]);
  expect(one).not.toEqual(two);
  expect(await (await hello("tensors")).text()).toContain("stand-in");
  const third = await add({ name: "third", source: "org/tensors" });
  const told = await eventually("it says why it has no place", async () => {
    const now = await look(third.id);
    return now.cause === "no_capacity" && now;
  });
  expect([told.status, told.problem]).toEqual(["placing", expect.stringContaining("in use")]);
  await remove("third");
  await remove("folder");
  await remove("tensors");
}, 90_000);

interface Refused {
  error: { message: string; code: string | null; param: string | null };
}

test.each([
  ["a model that does not exist", { model: "org/nothing" }, "source", "model_not_found"],
  ["a gated model without a token", { model: "org/gated" }, "hf_token", "gated_model"],
  ["several quants and none chosen", { model: "org/two" }, "source", "model_not_found"],
  ["the wrong runtime", { model: "org/demo", runtime: "vllm" }, "runtime", "unsupported_format"],
  [
    "a GPU count that nobody has",
    { model: "org/demo", gpu: { count: 8 } },
    "source",
    "no_capacity",
  ],
  ["a revision that is not there", { model: "org/demo", revision: "v9" }, "revision", null],
])("%s is refused at once with a reason, and nothing is added", async (_, body, param, code) => {
  const response = await fetch(`${appliance.url}/api/models`, {
    method: "POST",
    headers: {
      authorization: `Bearer ${await appliance.adminKey()}`,
      "content-type": "application/json",
    },
    body: JSON.stringify({ name: "refused", ...body }),
  });
  const { error } = (await response.json()) as Refused;
  expect([response.status, error.message]).toEqual([400, expect.stringMatching(/\.$/)]);
  expect(error.param).toBe(param);
  if (code !== null) expect(error.code).toBe(code);
  const { data } = await appliance.api<{ data: ModelView[] }>("/api/models");
  expect(data.map(({ id }) => id)).not.toContain("refused");
});
