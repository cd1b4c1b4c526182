/** Many at once at the door of a sleeping endpoint: one start, everybody answered, little time lost. */
import { afterAll, beforeAll, expect, test } from "bun:test";
import { eventually, Testbed } from "./appliance.testbed.ts";
import { ApplianceProcess } from "./appliance-process.ts";
import { EndpointClient } from "./endpoint-client.ts";

const testbed = new Testbed();
let appliance: ApplianceProcess;
let endpoint: EndpointClient;

beforeAll(async () => {
  appliance = await ApplianceProcess.create(testbed);
  await appliance.addAgent();
  await eventually("a host is up", async () => (await appliance.hosts())[0]?.status === "up");
  endpoint = await EndpointClient.provision(appliance, { min_replicas: 0 });
  await endpoint.is("up");
}, 60_000);
afterAll(() => testbed.end(), 30_000);

async function asleep(): Promise<void> {
  await endpoint.order("sleep");
  await endpoint.is("sleeping");
  await eventually("nothing of it runs", async () =>
    (await appliance.hosts()).every(({ replicas }) => replicas.length === 0),
  );
}

test("500 requests at once are one start and 500 answers", async () => {
  await asleep();
  const answers = await Promise.all(
    Array.from({ length: 500 }, async () => (await endpoint.chat("Hello")).status),
  );
  expect(answers.filter((status) => status === 200)).toHaveLength(500);
  const { replicas } = await endpoint.view();
  expect(replicas).toMatchObject([{ restarts: 0 }]);
  expect((await endpoint.history()).filter((event) => event.endsWith(":request"))).toHaveLength(1);
}, 60_000);

/** The bound is 50 ms; a busy test machine gets some more. */
const added_p50_max_ms = 100;

test("a wake adds little to what the runtime itself needs", async () => {
  const added: number[] = [];
  for (let round = 0; round < 10; round++) {
    await asleep();
    const asked = performance.now();
    expect((await endpoint.chat("Hello")).status).toBe(200);
    const woken_ms = performance.now() - asked;
    const warm = performance.now();
    await endpoint.chat("Hello");
    const warm_ms = performance.now() - warm;
    const { replicas } = await endpoint.view();
    added.push(woken_ms - warm_ms - (replicas[0]?.ready_after_ms ?? 0));
  }
  const p50 = added.toSorted((a, b) => a - b)[4] ?? Number.NaN;
  process.stdout.write(`a wake adds ${p50.toFixed(1)} ms at p50\n`);
  expect(p50).toBeLessThan(added_p50_max_ms);
}, 60_000);
