/** One shared model on two agents of this machine: spread by load, failed over when one dies. */
import { afterAll, beforeAll, expect, test } from "bun:test";
import type { AgentProcess } from "./agent-process.ts";
import { alive, eventually, Testbed } from "./appliance.testbed.ts";
import { ApplianceProcess } from "./appliance-process.ts";
import { chat, model } from "./chat.ts";

const testbed = new Testbed();
let appliance: ApplianceProcess;
let agents: AgentProcess[];
let key: string;

beforeAll(async () => {
  appliance = await ApplianceProcess.create(testbed);
  agents = [await appliance.addAgent(), await appliance.addAgent()];
  await appliance.addDemoModel();
  await appliance.ready(2);
  key = (await appliance.createKey()).key;
}, 60_000);
afterAll(() => testbed.end(), 30_000);

/** Requests per replica since MARK. */
async function spread(mark: number): Promise<number[]> {
  const rows = (await appliance.usage()).filter((row) => row.at >= mark && row.status === 200);
  return [...Map.groupBy(rows, (row) => row.replica).values()].map((group) => group.length);
}

test("concurrent requests spread over both hosts", async () => {
  const mark = Date.now();
  const answers = await Promise.all(
    Array.from({ length: 40 }, () => chat(appliance.url, key, "Count to 20.")),
  );
  expect(answers.map((answer) => answer.status)).toEqual(answers.map(() => 200));
  const counts = await spread(mark);
  expect(counts).toHaveLength(2);
  expect(Math.min(...counts)).toBeGreaterThanOrEqual(10);
}, 60_000);

test("a model that changes serves on: one replica starts again after the other", async () => {
  const pids = () => Promise.all(agents.map((agent) => agent.runtimePid()));
  const before = await pids();
  let over = false;
  const ask = async (stream: boolean): Promise<string[]> => {
    const ends: string[] = [];
    while (!over) {
      const response = await chat(appliance.url, key, "Count to 10.", { stream });
      const isBroken = (await response.text()).includes('"error"');
      ends.push(`${response.status}${isBroken ? " broken" : ""}`);
    }
    return ends;
  };
  const load = [true, false, true, false].map(ask);
  await appliance.api(`/api/models/${model}`, { slots: 2 }, "PATCH");
  await eventually("both run again", async () =>
    (await pids()).every((pid) => !before.includes(pid)),
  );
  await appliance.ready(2);
  over = true;
  const ends = (await Promise.all(load)).flat();
  expect(ends.length).toBeGreaterThan(20);
  expect(ends.filter((end) => end !== "200")).toEqual([]);
}, 60_000);

test("a host that dies mid-load costs no request that had no byte yet, and nothing hangs", async () => {
  const victim = agents[0] as AgentProcess;
  const runtime = await victim.runtimePid();
  const before = await Promise.all(
    Array.from({ length: 8 }, () => chat(appliance.url, key, "Hello")),
  );
  expect(before.every((answer) => answer.status === 200)).toBe(true);
  const load = Array.from({ length: 60 }, async (_, i) => {
    if (i === 20) {
      await victim.kill();
      process.kill(runtime, "SIGKILL");
    }
    const response = await chat(appliance.url, key, "Count to 10.", { stream: i % 2 === 0 });
    return { status: response.status, text: await response.text() };
  });
  const answers = await Promise.all(load);
  // Streams that had begun on the dead host end with an error frame; everything else is served.
  const whole = answers.filter(({ status, text }) => status === 200 && !text.includes('"error"'));
  const broken = answers.filter(({ text }) => text.includes('"error"') && text.includes("[DONE]"));
  // A whole answer comes in two writes, head and body, and the kill may fall between them.
  const begun = (text: string) => text.includes("broke off in the middle of its answer");
  const halved = answers.filter(({ status, text }) => status === 502 && begun(text));
  const lost = answers.filter((answer) => ![...whole, ...broken, ...halved].includes(answer));
  expect(lost).toEqual([]);
  expect(halved.length).toBeLessThanOrEqual(2);
  expect(broken.every(({ status }) => status === 200)).toBe(true);
  expect(await alive(runtime)).toBe(false);
  const after = await Promise.all(
    Array.from({ length: 20 }, () => chat(appliance.url, key, "Hello")),
  );
  expect(after.map((answer) => answer.status)).toEqual(after.map(() => 200));
}, 60_000);

test("the killed agent comes back, starts its runtime again, and both serve", async () => {
  agents[0]?.start();
  await appliance.ready(2);
  await eventually("both are used again", async () => {
    const mark = Date.now();
    await Promise.all(Array.from({ length: 20 }, () => chat(appliance.url, key, "Hello")));
    return (await spread(mark)).length === 2;
  });
}, 60_000);
