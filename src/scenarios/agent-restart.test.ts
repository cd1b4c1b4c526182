/** What lives on when a part is killed: the promises of the contract, A8 1 and 2. */
import { afterAll, beforeAll, expect, test } from "bun:test";
import type { AgentProcess } from "./agent-process.ts";
import { alive, eventually, Testbed } from "./appliance.testbed.ts";
import { ApplianceProcess } from "./appliance-process.ts";
import { chat } from "./chat.ts";

const testbed = new Testbed();
let appliance: ApplianceProcess;
let agent: AgentProcess;
let key: string;

beforeAll(async () => {
  appliance = await ApplianceProcess.create(testbed);
  agent = await appliance.addAgent();
  await appliance.addDemoModel();
  await appliance.ready();
  key = (await appliance.createKey()).key;
}, 60_000);
afterAll(() => testbed.end(), 30_000);

const replica = async () => (await appliance.hosts())[0]?.replicas[0];

test("kill -9 of the agent: the runtime serves on and is adopted, not restarted", async () => {
  const runtime = await agent.runtimePid();
  const before = await replica();
  await agent.kill();
  expect(await alive(runtime)).toBe(true);
  expect((await chat(appliance.url, key, "Hello")).status).toBe(200);
  agent.start();
  await eventually(
    "the host is up again",
    async () => (await appliance.hosts())[0]?.status === "up",
  );
  const after = await eventually("the replica is ready again", async () => {
    const found = await replica();
    return found?.state === "ready" && found;
  });
  expect(await agent.runtimePid()).toBe(runtime);
  expect(after.started_at_ms).toBe(before?.started_at_ms as number);
  expect(after.restarts).toBe(0);
  expect((await chat(appliance.url, key, "Hello")).status).toBe(200);
}, 30_000);

test("kill -9 of the appliance: the runtime is the same process when it returns", async () => {
  const runtime = await agent.runtimePid();
  await appliance.kill("SIGKILL");
  expect(await alive(runtime)).toBe(true);
  await appliance.start();
  await appliance.ready();
  expect(await agent.runtimePid()).toBe(runtime);
  expect((await chat(appliance.url, key, "Hello")).status).toBe(200);
}, 30_000);

test("kill -9 of the runtime: it is started again, and the dashboard says how often", async () => {
  const runtime = await agent.runtimePid();
  process.kill(runtime, "SIGKILL");
  await eventually("a restarted replica", async () => {
    const found = await replica();
    return found?.state === "ready" && found.restarts === 1;
  });
  expect(await agent.runtimePid()).not.toBe(runtime);
  expect((await chat(appliance.url, key, "Hello")).status).toBe(200);
}, 30_000);

test("an agent that is told to stop leaves no runtime behind", async () => {
  const runtime = await agent.runtimePid();
  await agent.stop();
  expect(await alive(runtime)).toBe(false);
}, 30_000);
