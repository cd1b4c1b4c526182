/** A host with GPUs whose llama-server has no backend for them: nothing is placed on a GPU that it does not see. */
import { afterAll, beforeAll, expect, test } from "bun:test";
import { readFileSync } from "node:fs";
import { dirname } from "node:path";
import { FakeSmi } from "../../agent/hardware/fake-smi.testbed.ts";
import { eventually, Testbed } from "./appliance.testbed.ts";
import { ApplianceProcess } from "./appliance-process.ts";
import { EndpointClient } from "./endpoint-client.ts";

const samples = new URL("../../agent/hardware/samples/", import.meta.url);
const testbed = new Testbed();
const smi = new FakeSmi(readFileSync(new URL("h200-pair.csv", samples), "utf8"));
const vulkan = process.env["HYPERVIZE_LLAMA_VULKAN"] ?? "";
let appliance: ApplianceProcess;

beforeAll(async () => {
  appliance = await ApplianceProcess.create(testbed);
  const path = `PATH=${dirname(smi.path)}:${process.env["PATH"]}`;
  await appliance.addAgent(testbed.folder(), ["env", path]);
  await eventually("the host has said what it has", async () => {
    const [host] = await appliance.hosts();
    return host?.inventory?.runtimes.length === 1;
  });
}, 60_000);
afterAll(async () => {
  await testbed.end();
  smi.end();
}, 30_000);

const ask = (query: string, gpu?: object) =>
  appliance.api<{ placement: { devices: string[]; why: string } | null; refused: object | null }>(
    `/api/provision${query}`,
    {
      model: "builtin:hypervize-demo",
      min_replicas: 1,
      max_replicas: 1,
      visibility: "team",
      runtime: "llama-server",
      ...(gpu && { gpu }),
    },
  );

test("the host says what its runtime sees", async () => {
  const [host] = await appliance.hosts();
  expect(host?.inventory?.gpus).toHaveLength(2);
  expect(host?.inventory?.runtimes).toMatchObject([
    { name: "llama-server", says_devices: true, devices: [] },
  ]);
});

test("a GPU that was asked for is refused at once, with what to do", async () => {
  for (const gpu of [{ type: "H200", count: 1 }, { count: 1 }]) {
    expect(await ask("?dry_run=1", gpu)).toMatchObject({
      placement: null,
      refused: {
        refused: "never",
        detail: expect.stringContaining("sees no GPU: it is a build without a backend for them."),
        nearest: expect.stringContaining("--llama-server PATH"),
      },
    });
    await expect(ask("", gpu)).rejects.toThrow("sees no GPU");
  }
});

test("a shared model runs on the processors, and says why", async () => {
  await appliance.addDemoModel();
  const { placement } = await appliance.ready();
  expect(placement[0]?.devices).toEqual(["cpu"]);
  const asked = await ask("?dry_run=1");
  expect(asked.placement?.devices).toEqual(["cpu"]);
  expect(asked.placement?.why).toContain("its llama-server sees no GPU");
}, 60_000);

const skipped = vulkan === "" ? " (skipped: Debian's Vulkan packages could not be had)" : "";

test.skipIf(vulkan === "")(
  `a second host whose build sees a GPU gets what the first is refused${skipped}`,
  async () => {
    const path = `PATH=${dirname(smi.path)}:${process.env["PATH"]}`;
    await appliance.addAgent(testbed.folder(), ["env", path, `HYPERVIZE_LLAMA_SERVER=${vulkan}`]);
    const placed = await eventually("it is placed", async () => {
      const { placement } = await ask("?dry_run=1", { count: 1 });
      return placement ?? undefined;
    });
    expect(placed.devices[0]).toStartWith("GPU-");
    const endpoint = await EndpointClient.provision(appliance, {
      model: "builtin:hypervize-demo",
      runtime: "llama-server",
      gpu: { count: 1 },
      min_replicas: 1,
      max_replicas: 1,
      context: 512,
      concurrency: 1,
    });
    await endpoint.is("up");
    expect((await endpoint.chat("Hello")).status).toBe(200);
    expect(await endpoint.view()).toMatchObject({ placement: [{ devices: placed.devices }] });
  },
  120_000,
);
