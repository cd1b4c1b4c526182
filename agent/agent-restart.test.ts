import { afterEach, beforeEach, expect, setDefaultTimeout, test } from "bun:test";
import { type AgentHome, agentHome, demoReplica, replicaIs, runtimesOf } from "./agent.testbed.ts";
import { isAlive } from "./contract/process-identity.ts";

// Two busy cores can make a llama-server take seconds to start.
setDefaultTimeout(30_000);

let home: AgentHome;
beforeEach(async () => {
  home = await agentHome();
});
afterEach(() => home.close());

async function spawnUntilReady() {
  const agent = home.spawn();
  home.testbed.desire({ generation: 1, replicas: [demoReplica()] });
  const { replicas } = await home.testbed.until(replicaIs("ready"));
  const [runtime] = await runtimesOf(home.home);
  if (runtime === undefined) throw new Error("the runtime has no handle");
  expect(replicas[0]?.pid).toBe(runtime.pid);
  return { agent, runtime, replica: replicas[0] };
}

async function kill(agent: Bun.Subprocess): Promise<void> {
  agent.kill("SIGKILL");
  await agent.exited;
  home.testbed.observed.length = 0;
}

test("a killed agent's runtime lives on, and the next agent adopts it without a restart", async () => {
  const { agent, runtime, replica } = await spawnUntilReady();
  await kill(agent);
  expect(isAlive(runtime)).toBe(true);
  home.spawn();
  const { replicas } = await home.testbed.until(replicaIs("ready"));
  // What it holds is measured again.
  const memory_bytes = expect.any(Number);
  expect(replicas).toEqual(replica === undefined ? [] : [{ ...replica, memory_bytes }]);
  expect(isAlive(runtime)).toBe(true);
});

test("an adopted runtime that is not desired any more is ended after the first Desired", async () => {
  const { agent, runtime } = await spawnUntilReady();
  await kill(agent);
  home.testbed.desire({ generation: 2, replicas: [] });
  home.spawn();
  await home.testbed.until(({ generation, replicas }) => generation === 2 && replicas.length === 0);
  expect(isAlive(runtime)).toBe(false);
});

test("an adopted runtime that dies is seen, though it is no child, and started again", async () => {
  const { agent, runtime } = await spawnUntilReady();
  await kill(agent);
  const reports = home.testbed.observed.length;
  home.spawn();
  // The last report of the killed agent says "ready", too.
  await home.testbed.when(() => home.testbed.observed.length > reports);
  await home.testbed.until(replicaIs("ready"));
  process.kill(runtime.pid, "SIGKILL");
  const { replicas } = await home.testbed.until(
    replicaIs("ready", ({ pid }) => pid !== runtime.pid),
  );
  expect(replicas).toMatchObject([{ restarts: 1 }]);
});

test("a runtime that died while no agent was there is started again", async () => {
  const { agent, runtime } = await spawnUntilReady();
  await kill(agent);
  process.kill(runtime.pid, "SIGKILL");
  home.spawn();
  const { replicas } = await home.testbed.until(replicaIs("ready"));
  expect(replicas).toMatchObject([{ restarts: 0, epoch: 1 }]);
  expect(replicas[0]?.pid).not.toBe(runtime.pid);
});

test("an agent that ends by TERM, as under systemd, leaves its runtime to the next one", async () => {
  const { agent, runtime } = await spawnUntilReady();
  agent.kill("SIGTERM");
  expect(await agent.exited).toBe(0);
  expect(isAlive(runtime)).toBe(true);
});

test("a killed agent remembers the epochs that it started", async () => {
  const agent = home.spawn();
  home.testbed.desire({ generation: 1, replicas: [demoReplica({ epoch: 5 })] });
  await home.testbed.until(replicaIs("ready"));
  home.testbed.desire({ generation: 2, replicas: [] });
  await home.testbed.until(({ generation, replicas }) => generation === 2 && !replicas.length);
  await kill(agent);
  home.testbed.desire({ generation: 3, replicas: [demoReplica({ epoch: 4 })] });
  home.spawn();
  const { replicas } = await home.testbed.until(({ generation }) => generation === 3);
  expect(replicas).toEqual([]);
});
