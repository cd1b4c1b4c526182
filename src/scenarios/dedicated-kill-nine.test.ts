/** The control plane dies in every phase of an endpoint's life, and ends where it would have without. */
import { afterAll, beforeAll, expect, test } from "bun:test";
import type { EndpointView } from "../app/control-api.ts";
import { eventually, Testbed } from "./appliance.testbed.ts";
import { ApplianceProcess } from "./appliance-process.ts";
import { EndpointClient } from "./endpoint-client.ts";

const testbed = new Testbed();
let appliance: ApplianceProcess;

beforeAll(async () => {
  appliance = await ApplianceProcess.create(testbed);
  await appliance.addAgent();
  await eventually("a host is up", async () => (await appliance.hosts())[0]?.status === "up");
}, 60_000);
afterAll(() => testbed.end(), 30_000);

async function dieAndReturn(): Promise<void> {
  await appliance.kill("SIGKILL");
  await appliance.start();
}

/** Every replica that any host runs, by endpoint. */
async function running(id: string): Promise<number> {
  const hosts = await appliance.hosts();
  return hosts.flatMap(({ replicas }) => replicas).filter(({ model }) => model === id).length;
}

test("right after the answer to a provision: the same key finds the same endpoint", async () => {
  const body = { model: "builtin:hypervize-demo", name: "once" };
  const provision = async (): Promise<EndpointView> => {
    const response = await fetch(`${appliance.url}/api/provision`, {
      method: "POST",
      headers: {
        authorization: `Bearer ${await appliance.adminKey()}`,
        "content-type": "application/json",
        "idempotency-key": "one",
      },
      body: JSON.stringify(body),
    });
    expect(response.status).toBe(202);
    return (await response.json()) as EndpointView;
  };
  const first = await provision();
  await dieAndReturn();
  expect((await provision()).id).toBe(first.id);
  const endpoint = new EndpointClient(appliance, first.id);
  await endpoint.is("up");
  expect(await running(endpoint.id)).toBe(1);
  await endpoint.remove();
  await endpoint.isGone();
}, 30_000);

test.each([1, 20, 60, 150])(
  "%i ms into building",
  async (delay_ms) => {
    const endpoint = await EndpointClient.provision(appliance);
    await Bun.sleep(delay_ms);
    await dieAndReturn();
    await endpoint.is("up");
    expect(await running(endpoint.id)).toBe(1);
    expect((await endpoint.chat("Hello")).status).toBe(200);
    expect(await endpoint.history()).toEqual([">building:provisioned", "building>up:ready"]);
    await endpoint.remove();
    await endpoint.isGone();
  },
  30_000,
);

test("while it sleeps, wakes, changes, pauses and goes", async () => {
  const endpoint = await EndpointClient.provision(appliance, { min_replicas: 0 });
  await endpoint.is("up");
  await endpoint.order("sleep");
  await dieAndReturn();
  await endpoint.is("sleeping");
  await endpoint.order("wake");
  await dieAndReturn();
  await endpoint.is("up");
  await endpoint.change({ context: 1024 });
  await dieAndReturn();
  await eventually("the update has ended", async () => {
    const { status, generation, replicas } = await endpoint.view();
    return status === "up" && generation === 2 && replicas.length === 1;
  });
  expect((await endpoint.chat("Hello")).status).toBe(200);
  await endpoint.order("pause");
  await dieAndReturn();
  await endpoint.is("paused");
  expect(await running(endpoint.id)).toBe(0);
  await endpoint.remove();
  await dieAndReturn();
  await endpoint.isGone();
}, 60_000);
