/** GPUs from nvidia-smi to the dashboard's API, Prometheus, placement and a webhook; nvidia-smi is a program of ours. */
import { afterAll, beforeAll, expect, test } from "bun:test";
import { readFileSync } from "node:fs";
import { dirname } from "node:path";
import { FakeSmi } from "../../agent/hardware/fake-smi.testbed.ts";
import type { AlertView, Series } from "../app/control-api.ts";
import type { AgentProcess } from "./agent-process.ts";
import { eventually, Testbed } from "./appliance.testbed.ts";
import { ApplianceProcess } from "./appliance-process.ts";

const samples = new URL("../../agent/hardware/samples/", import.meta.url);
const pair = readFileSync(new URL("h200-pair.csv", samples), "utf8");
const [idle = "", busy = ""] = pair.trim().split("\n");
const idleId = "GPU-6f2c1d0e-9b7a-4c35-8e21-0a4d5b6c7d8e";
const busyId = "GPU-b1a20c3f-5d6e-4f70-9182-a3b4c5d6e7f8";

const testbed = new Testbed();
const smi = new FakeSmi(pair);
const told: { kind: string; text: string }[] = [];
const receiver = Bun.serve({
  port: 0,
  async fetch(request) {
    told.push((await request.json()) as (typeof told)[number]);
    return new Response();
  },
});
let appliance: ApplianceProcess;
let agent: AgentProcess;

beforeAll(async () => {
  appliance = await ApplianceProcess.create(testbed);
  const webhook = { enabled: true, url: `http://127.0.0.1:${receiver.port}/` };
  await appliance.api("/api/settings", { webhook }, "PUT");
  const path = `PATH=${dirname(smi.path)}:${process.env["PATH"]}`;
  agent = await appliance.addAgent(testbed.folder(), ["env", path]);
  await appliance.addDemoModel();
  await appliance.ready();
}, 60_000);
afterAll(async () => {
  await testbed.end();
  await receiver.stop(true);
  smi.end();
}, 30_000);

const alerts = () => appliance.api<{ data: AlertView[] }>("/api/alerts").then(({ data }) => data);
const host = async () => (await appliance.hosts())[0];
const metrics = () => fetch(`${appliance.url}/metrics`).then((response) => response.text());

test("a host says which GPUs it has, and every heartbeat what they do and for whom", async () => {
  const pid = await agent.runtimePid();
  smi.prints(
    "apps",
    `${busyId}, ${pid}, 900, llama-server\n${busyId}, 1, 130000, /opt/x --key k\n`,
  );
  const gpu = await eventually("the processes are known", async () => {
    const sample = (await host())?.heartbeat?.gpus.find(({ uuid }) => uuid === busyId);
    return sample?.processes.length === 2 && sample;
  });
  const found = await host();
  expect(found?.inventory?.gpus).toMatchObject([
    { index: 0, uuid: idleId, compute_capability: "9.0", pci_bus_id: "0000:18:00" },
    { index: 1, uuid: busyId, mig: false },
  ]);
  expect(gpu).toMatchObject({ utilization_ratio: 0.97, throttle_reasons: ["sw_power_cap"] });
  expect(gpu.processes).toMatchObject([
    { pid: 1, name: "x", replica_id: "" },
    { pid, name: "llama-server", replica_id: found?.replicas[0]?.id },
  ]);
  expect(JSON.stringify(found)).not.toContain("--key");
}, 60_000);

test("placement leaves alone what others hold, and says so", async () => {
  const answer = () =>
    appliance.api<object>("/api/provision?dry_run=1", {
      model: "builtin:hypervize-demo",
      min_replicas: 1,
      max_replicas: 1,
      visibility: "team",
      runtime: "llama-server",
      gpu: { type: "H200", count: 1 },
    });
  expect(JSON.stringify(await answer())).not.toContain("did not start");
  smi.prints("apps", [idleId, busyId].map((id) => `${id}, 1, 143770, /opt/x\n`).join(""));
  const words = await eventually("others hold both GPUs", async () => {
    const said = JSON.stringify(await answer());
    return said.includes("did not start") && said;
  });
  expect(words).toContain("Programs that Hypervize did not start hold 280.8 GiB of it.");
  smi.prints("apps", "");
}, 60_000);

test("Prometheus reads it, and the time series hold it", async () => {
  const text = await metrics();
  const labels = `gpu="1",uuid="${busyId}"`;
  expect(text).toMatch(
    new RegExp(`hypervize_gpu_memory_used_bytes{host="[^"]+",${labels}} 137577`),
  );
  expect(text).toMatch(new RegExp(`hypervize_gpu_power_watts{host="[^"]+",${labels}} 692.18\n`));
  const id = (await host())?.id;
  const series = await eventually("a sample was kept", async () => {
    const kept = await appliance.api<Series>(
      `/api/hosts/${id}/metrics?metric=gpu_1_power_watts,gpu_0_temperature_celsius`,
    );
    return kept.series.length === 2 && kept.series;
  });
  expect(series.map(({ metric, points }) => [metric, points[0]?.[1]])).toEqual([
    ["gpu_0_temperature_celsius", 29],
    ["gpu_1_power_watts", 692.18],
  ]);
}, 60_000);

test("memory errors are an alert, told once and shown while they are there", async () => {
  smi.prints("gpus", `${idle}\n${busy.replace(", 12, 0,", ", 12, 2,")}\n`);
  const [alert] = await eventually("the alert is open", async () => {
    const open = await alerts();
    return open.length > 0 && open;
  });
  expect(alert).toMatchObject({
    kind: "gpu_ecc",
    severity: "critical",
    gpu: { index: 1, uuid: busyId },
    title: "GPU 1 has memory errors",
  });
  await eventually("the webhook was called", async () => told.length > 0);
  expect(told).toMatchObject([
    { kind: "alert_raised", text: expect.stringContaining("GPU 1 has") },
  ]);
  expect(await metrics()).toMatch(/gpu_ecc_errors_total{[^}]*kind="uncorrected"} 2\n/);
}, 60_000);

test("a GPU that is gone leaves the host's inventory without a restart of the agent", async () => {
  smi.prints("gpus", `${idle}\n`);
  await eventually(
    "the host has one GPU",
    async () => (await host())?.inventory?.gpus.length === 1,
    40_000,
  );
  expect((await host())?.replicas).toMatchObject([{ state: "ready", restarts: 0 }]);
}, 60_000);
