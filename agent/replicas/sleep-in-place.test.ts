/** Sleep in place, with stand-ins for the engines that do it as the real ones do, and fail as they fail. */
import {
  afterAll,
  afterEach,
  beforeAll,
  beforeEach,
  describe,
  expect,
  setDefaultTimeout,
  test,
} from "bun:test";
import { readFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { type AgentHome, agentHome, demoReplica, replicaIs, runtimesOf } from "../agent.testbed.ts";
import type { DesiredReplica } from "../contract/protocol/messages.ts";
import { FakeSmi } from "../hardware/fake-smi.testbed.ts";
import { EngineEnvironment } from "../runtimes/fakes/environment.testbed.ts";

const [gpu = ""] = readFileSync(join(import.meta.dir, "../hardware/samples/h200-pair.csv"), "utf8")
  .trim()
  .split("\n");
const uuid = /GPU-[0-9a-f-]+/.exec(gpu)?.[0] ?? "";
const mib = 2 ** 20;

let environment: EngineEnvironment;
beforeAll(() => {
  environment = new EngineEnvironment({ vllm: "0.30.0", sglang: "0.5.5" });
});
afterAll(() => environment.end());

let agent: AgentHome;
let smi: FakeSmi;
beforeEach(async () => {
  agent = await agentHome();
  smi = new FakeSmi(`${gpu}\n`);
});
afterEach(async () => {
  await agent.close();
  smi.end();
});

setDefaultTimeout(30_000);

let generation = 0;

/** A replica that can sleep, on a GPU; `bed` says that it is to. */
function sleeper(runtime: string, behaviour: Record<string, string> = {}) {
  environment.behaves({ ...behaviour, FAKE_GPU_CLAIMS: smi.claims });
  const replica = demoReplica({
    runtime,
    source: `file://${environment.model}`,
    model: "endpt-one",
    can_sleep: true,
    devices: [uuid],
  });
  const { vllm, sglang } = environment;
  const PATH = `${dirname(smi.path)}:${process.env["PATH"]}`;
  const open = (stopRuntimesOnExit = true) =>
    agent.open({ vllm, sglang, stopRuntimesOnExit, env: { PATH } });
  const want = (changes: Partial<DesiredReplica>) =>
    agent.testbed.desire({ generation: ++generation, replicas: [{ ...replica, ...changes }] });
  const until = async (...state: Parameters<typeof replicaIs>) => {
    const [seen] = (await agent.testbed.until(replicaIs(...state))).replicas;
    if (!seen) throw new Error("no replica");
    return seen;
  };
  const spawn = () => agent.spawn({ PATH: `${environment.bin}:${PATH}` });
  const bed = () => want({ asleep_bytes: 1 });
  return { open, spawn, want, until, bed, wake: () => want({ asleep_bytes: 0 }) };
}

const chat = (port: number, more: object = {}) =>
  fetch(`http://127.0.0.1:${port}/v1/chat/completions`, {
    method: "POST",
    body: JSON.stringify({ messages: [{ role: "user", content: "Hi" }], ...more }),
  });

test("a vLLM whose developer routes are open to strangers is never ready", async () => {
  const { open, want, until } = sleeper("vllm", { FAKE_FAILS: "unguarded" });
  open();
  want({});
  const failed = await until("failed");
  expect(failed).toMatchObject({ cause: "config", ready_after_ms: 0 });
  expect(failed.detail).toContain("POST /collective_rpc answers 400");
});

describe.each(["vllm", "sglang"])("%s", (runtime) => {
  test("gives its GPU's memory back, keeps its process, and wakes to answer", async () => {
    const { open, want, until, bed, wake } = sleeper(runtime);
    open();
    want({});
    const awake = await until("ready", ({ gpu_memory_bytes }) => gpu_memory_bytes > 0);
    expect(awake.gpu_memory_bytes).toBe(40_000 * mib);
    bed();
    const asleep = await until("asleep");
    expect(asleep).toMatchObject({ pid: awake.pid, gpu_memory_bytes: 1800 * mib, phase: "" });
    wake();
    const again = await until("ready");
    expect(again).toMatchObject({ pid: awake.pid, restarts: 0 });
    expect(await (await chat(again.port)).json()).toMatchObject({ usage: { prompt_tokens: 5 } });
  });

  test("is let end its stream first", async () => {
    const { open, want, until, bed } = sleeper(runtime, { FAKE_TOKEN_MS: "300" });
    open();
    want({});
    const { port, pid } = await until("ready");
    const stream = await chat(port, { stream: true });
    bed();
    await until("falling_asleep");
    expect(await stream.text()).toEndWith("data: [DONE]\n\n");
    expect(await until("asleep")).toMatchObject({ pid });
  });

  test("sleeps on under the next agent, which asks it for nothing, and wakes it", async () => {
    const { open, want, until, bed, wake } = sleeper(runtime);
    const end = open(false);
    want({});
    await until("ready");
    bed();
    const { pid } = await until("asleep");
    await end();
    agent.testbed.observed.length = 0;
    open();
    expect(await until("asleep")).toMatchObject({ pid, gpu_memory_bytes: 1800 * mib });
    wake();
    expect(await until("ready")).toMatchObject({ pid });
  });

  test("that wakes with damaged weights is not believed, and starts again from the disk", async () => {
    const { open, want, until, bed, wake } = sleeper(runtime, { FAKE_FAILS: "garbles" });
    open();
    want({});
    const { pid } = await until("ready");
    bed();
    await until("asleep");
    wake();
    const crashed = await until("crashed");
    expect(crashed.detail).toContain("damaged its weights");
    const again = await until("ready", (replica) => replica.pid !== pid);
    expect(again.restarts).toBe(1);
  });

  test("that cannot wake starts again", async () => {
    const { open, want, until, bed, wake } = sleeper(runtime, { FAKE_FAILS: "wakeless" });
    open();
    want({});
    const { pid } = await until("ready");
    bed();
    await until("asleep");
    wake();
    expect((await until("crashed")).detail).toContain("HTTP 500");
    expect((await until("ready")).pid).not.toBe(pid);
  });
});

test("vLLM's developer routes need the agent's key, and routes that run code are not there", async () => {
  const { open, want, until } = sleeper("vllm");
  open();
  want({});
  const { port } = await until("ready");
  const at = (path: string, headers = {}) =>
    fetch(`http://127.0.0.1:${port}${path}`, { method: "POST", headers });
  const key = readFileSync(join(agent.home, "agent/guard/key"), "utf8");
  expect((await at("/sleep")).status).toBe(404);
  expect((await at("/collective_rpc", { "x-hypervize-guard": key })).status).toBe(404);
  expect((await at("/is_sleeping", { "x-hypervize-guard": key })).status).not.toBe(404);
  expect(key).toMatch(/^[0-9a-f]{64}$/);
});

test("an engine that keeps its memory is stopped, and says how much", async () => {
  const { open, want, until, bed } = sleeper("vllm", { FAKE_FAILS: "keeps" });
  open();
  want({});
  await until("ready");
  bed();
  const { detail } = await until("crashed");
  expect(detail).toContain("it holds 39.1 GiB of 39.1 GiB of the GPU after it");
  expect(await runtimesOf(agent.home)).toEqual([]);
});

test("an engine that dies in its sleep is not started only to sleep", async () => {
  const { open, want, until, bed, wake } = sleeper("vllm");
  open();
  want({});
  await until("ready");
  bed();
  const { pid } = await until("asleep");
  process.kill(pid, "SIGKILL");
  expect(await until("crashed")).toMatchObject({ cause: "runtime_crash" });
  wake();
  expect(await until("ready")).toMatchObject({ restarts: 1 });
});

test("an engine is woken again before it has fallen asleep", async () => {
  const { open, want, until, bed, wake } = sleeper("vllm");
  open();
  want({});
  const { pid } = await until("ready");
  bed();
  await until("falling_asleep");
  wake();
  expect(await until("ready")).toMatchObject({ pid, restarts: 0 });
});

test("an engine is not sent to sleep where the host has no memory for it", async () => {
  const { open, want, until } = sleeper("vllm");
  open();
  want({});
  await until("ready");
  want({ asleep_bytes: 2 ** 50 });
  expect((await until("crashed")).detail).toMatch(/need 1048576.0 GiB of the host's memory/);
});

test("an agent that is killed while an engine falls asleep leaves it to the next one to prove that it has", async () => {
  const { spawn, want, until, bed, wake } = sleeper("vllm", { FAKE_SLEEP_MS: "1500" });
  const first = spawn();
  want({});
  const { pid } = await until("ready");
  bed();
  await until("falling_asleep");
  await agent.testbed.when(() => handleOf(agent).includes('"asleep"'));
  first.kill("SIGKILL");
  await first.exited;
  agent.testbed.observed.length = 0;
  spawn();
  expect(await until("asleep")).toMatchObject({ pid, gpu_memory_bytes: 1800 * mib });
  wake();
  expect(await until("ready")).toMatchObject({ pid, restarts: 0 });
});

const handleOf = ({ home }: AgentHome): string =>
  readFileSync(join(home, "agent/replicas/rep_demo.json"), "utf8");
