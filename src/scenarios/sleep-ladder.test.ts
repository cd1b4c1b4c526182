/**
 * The sleep ladder: an engine sleeps in place, another takes its GPU meanwhile, it wakes fast, survives kill -9 of
 * the control plane asleep, and goes down to the next rung in time. vLLM and nvidia-smi are programs of ours.
 */
import { afterAll, beforeAll, expect, test } from "bun:test";
import { mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { FakeSmi } from "../../agent/hardware/fake-smi.testbed.ts";
import { EngineEnvironment } from "../../agent/runtimes/fakes/environment.testbed.ts";
import { safetensors } from "../control/scheduler/sizing/safetensors.testbed.ts";
import type { AgentProcess } from "./agent-process.ts";
import { alive, eventually, Testbed } from "./appliance.testbed.ts";
import { ApplianceProcess } from "./appliance-process.ts";
import { EndpointClient } from "./endpoint-client.ts";

const samples = new URL("../../agent/hardware/samples/", import.meta.url);
const [gpu = ""] = readFileSync(new URL("h200-pair.csv", samples), "utf8").split("\n");
const testbed = new Testbed();
const smi = new FakeSmi(`${gpu}\n`);
const environment = new EngineEnvironment({ vllm: "0.30.0", sglang: "0.5.5" });
let appliance: ApplianceProcess;
let agent: AgentProcess;
let endpoint: EndpointClient;

const config = {
  architectures: ["LlamaForCausalLM"],
  model_type: "llama",
  torch_dtype: "bfloat16",
  hidden_size: 256,
  num_hidden_layers: 2,
  num_attention_heads: 4,
  num_key_value_heads: 4,
  head_dim: 64,
  intermediate_size: 512,
  vocab_size: 1000,
  max_position_embeddings: 8192,
};

const provision = (name: string, more: object = {}) =>
  EndpointClient.provision(appliance, {
    name,
    model: `file://${join(environment.folder, "small")}`,
    runtime: "vllm",
    context: 2048,
    idle_timeout_s: 600,
    l1_timeout_s: 3600,
    ...more,
  });

beforeAll(async () => {
  const model = join(environment.folder, "small");
  mkdirSync(model);
  writeFileSync(join(model, "config.json"), JSON.stringify(config));
  environment.behaves({ FAKE_GPU_CLAIMS: smi.claims, FAKE_START_MS: "1500" });
  writeFileSync(join(model, "model.safetensors"), safetensors(4_000_000));
  appliance = await ApplianceProcess.create(testbed);
  const PATH = `PATH=${dirname(smi.path)}:${process.env["PATH"]}`;
  agent = await appliance.addAgent(testbed.folder(), ["env", PATH], ["--vllm", environment.vllm]);
  await eventually("a host is up", async () => (await appliance.hosts())[0]?.status === "up");
}, 60_000);
afterAll(async () => {
  await testbed.end();
  environment.end();
  smi.end();
}, 30_000);

/** Of its one replica, as the agent recorded it. */
const pidOf = async (client: EndpointClient): Promise<number> => {
  const [replica] = (await client.view()).replicas;
  const path = join(agent.home, "agent", "replicas", `${replica?.id}.json`);
  return (JSON.parse(readFileSync(path, "utf8")) as { process: { pid: number } }).process.pid;
};
const asleep = (client: EndpointClient) =>
  eventually(
    "it sleeps in place",
    async () => (await client.view()).replicas[0]?.state === "asleep",
  );

test("it falls asleep in place, and a request wakes its process in a fraction of a start", async () => {
  endpoint = await provision("first");
  await endpoint.is("up");
  const pid = await pidOf(endpoint);
  await endpoint.order("sleep");
  await asleep(endpoint);
  expect(await endpoint.view()).toMatchObject({ status: "sleeping", depth: "l1" });
  const answer = await endpoint.chat("Hello");
  expect(answer.status).toBe(200);
  const up = await endpoint.is("up");
  expect(up).toMatchObject({ depth: null, wake: { depth: "l1", count: 1 } });
  expect(up.wake?.p95_ms).toBeLessThan(1500);
  expect(await pidOf(endpoint)).toBe(pid);
  const metrics = await (await fetch(`${appliance.url}/metrics`)).text();
  expect(metrics).toContain('hypervize_wake_seconds_count{depth="l1"} 1\n');
}, 60_000);

test("what fails fast is told the wake time of its depth", async () => {
  await endpoint.order("sleep");
  await asleep(endpoint);
  const hasty = await endpoint.chat("Hello", { "x-scale-up-timeout": "0" });
  expect(hasty.status).toBe(503);
  expect(Number(hasty.headers.get("retry-after"))).toBeLessThanOrEqual(2);
  expect((await endpoint.is("up")).wake).toMatchObject({ depth: "l1", count: 2 });
}, 60_000);

test("kill -9 of the control plane wakes nobody, and the next one wakes the same process", async () => {
  await endpoint.order("sleep");
  await asleep(endpoint);
  const pid = await pidOf(endpoint);
  await appliance.kill("SIGKILL");
  expect(await alive(pid)).toBe(true);
  await appliance.start();
  await asleep(endpoint);
  expect(await endpoint.view()).toMatchObject({ status: "sleeping", depth: "l1" });
  expect((await endpoint.chat("Hello")).status).toBe(200);
  expect(await pidOf(endpoint)).toBe(pid);
}, 60_000);

test("while it sleeps another has its GPU; then it gives way, and starts over when there is room", async () => {
  await endpoint.order("sleep");
  await asleep(endpoint);
  const pid = await pidOf(endpoint);
  const second = await provision("second");
  await second.is("up");
  expect(await alive(pid)).toBe(true);
  const waiting = endpoint.chat("Hello");
  await eventually("the sleeper has given way", async () => !(await alive(pid)));
  expect(await endpoint.view()).toMatchObject({ status: "waking_up", depth: "stopped" });
  await second.remove();
  expect((await waiting).status).toBe(200);
  expect((await endpoint.is("up")).wake).toMatchObject({ depth: "stopped", count: 1 });
  await second.isGone();
}, 60_000);

test("one rung deeper its process is gone, without a word in between", async () => {
  await endpoint.order("sleep");
  await asleep(endpoint);
  const pid = await pidOf(endpoint);
  const events = (await endpoint.history()).length;
  await endpoint.change({ l1_timeout_s: 1 });
  await eventually("its process is gone", async () => !(await alive(pid)));
  expect(await endpoint.view()).toMatchObject({ status: "sleeping", depth: "stopped" });
  expect(await endpoint.history()).toHaveLength(events);
}, 60_000);

test("one that cannot give its memory back is stopped, and says why", async () => {
  environment.behaves({ FAKE_GPU_CLAIMS: smi.claims, FAKE_FAILS: "keeps" });
  const stubborn = await provision("stubborn");
  await stubborn.is("up");
  await stubborn.order("sleep");
  const view = await eventually("it has given up the rung", async () => {
    const now = await stubborn.view();
    return now.depth === "stopped" && now;
  });
  expect(view).toMatchObject({ status: "sleeping", replicas: [] });
  expect(view.detail).toContain("It could not sleep in place and was stopped: it holds 39.1 GiB");
}, 60_000);

test("llama-server is refused the rung that it does not have", async () => {
  const refused = EndpointClient.provision(appliance, { l1_timeout_s: 60 });
  await expect(refused).rejects.toThrow("llama-server cannot sleep in place");
});
