import { expect, test } from "bun:test";
import type { GpuSample, XidError } from "../../../../agent/contract/protocol/messages.ts";
import { gpuSeries } from "./gpu-series.ts";
import { hostGauges } from "./host-gauges.ts";
import { meaningOf } from "./xid-codes.ts";
import { XidCounts } from "./xid-counts.ts";

const sample: GpuSample = {
  uuid: "GPU-a",
  utilization_ratio: 0.97,
  memory_used_bytes: 5,
  temperature_celsius: 71,
  power_watts: 692.18,
  power_limit_watts: 700,
  sm_clock_mhz: 1755,
  memory_clock_mhz: 3201,
  ecc_corrected: 12,
  ecc_uncorrected: 1,
  throttle_reasons: [],
  processes: [],
};
const xid = (at_ms: number, code: number, gpu_uuid = "GPU-a"): XidError => ({
  at_ms,
  code,
  gpu_uuid,
  text: "",
});

test("each GPU is named by its host, its number and its UUID", () => {
  const gpus = [
    { index: 1, uuid: "GPU-a", sample },
    { index: 2, uuid: "GPU-b", sample: null },
  ];
  const xids = [
    { gpu_uuid: "GPU-a", code: 79, count: 2 },
    { gpu_uuid: "", code: 31, count: 1 },
  ];
  const weights = { cache_used_bytes: 700, download_bytes_total: 900 };
  const h = { name: "h", up: true, heartbeat_age_s: 2, weights, gpus, xids };
  const text = hostGauges([h]).join("");
  const labels = 'host="h",gpu="1",uuid="GPU-a"';
  for (const line of [
    `hypervize_gpu_memory_used_bytes{${labels}} 5`,
    `hypervize_gpu_utilization_ratio{${labels}} 0.97`,
    `hypervize_gpu_temperature_celsius{${labels}} 71`,
    `hypervize_gpu_power_watts{${labels}} 692.18`,
    `hypervize_gpu_ecc_errors_total{${labels},kind="corrected"} 12`,
    `hypervize_gpu_ecc_errors_total{${labels},kind="uncorrected"} 1`,
    `hypervize_gpu_xid_errors_total{${labels},code="79"} 2`,
    'hypervize_gpu_xid_errors_total{host="h",gpu="",uuid="",code="31"} 1',
    'hypervize_heartbeat_age_seconds{host="h"} 2',
    'hypervize_cache_used_bytes{host="h"} 700',
    'hypervize_download_bytes_total{host="h"} 900',
  ]) {
    expect(text).toContain(`${line}\n`);
  }
  expect(text).not.toContain("GPU-b");
});

test("an XID that a host repeats is counted once, another of the same kind again", () => {
  const counts = new XidCounts();
  counts.count("host_a", [xid(1, 31), xid(2, 31)]);
  counts.count("host_a", [xid(1, 31), xid(2, 31)]);
  // The list of a host is short: the oldest has left it.
  const found = counts.count("host_a", [xid(2, 31), xid(3, 31), xid(3, 79)]);
  expect(found).toEqual([
    { gpu_uuid: "GPU-a", code: 31, count: 3 },
    { gpu_uuid: "GPU-a", code: 79, count: 1 },
  ]);
  // A host that is down or has rebooted says none, and nothing is taken back.
  expect(counts.count("host_a", [])).toEqual(found);
  counts.keepOnly(new Set(["host_b"]));
  expect(counts.count("host_a", [])).toEqual([]);
});

test("series are named by the GPU's number; a GPU that says nothing leaves a gap", () => {
  const gpus = [
    { index: 0, uuid: "GPU-b" },
    { index: 1, uuid: "GPU-a" },
    { index: 99, uuid: "GPU-a" },
  ];
  expect(gpuSeries(gpus, [sample])).toEqual([
    { metric: "gpu_1_utilization_ratio", value: 0.97 },
    { metric: "gpu_1_memory_used_bytes", value: 5 },
    { metric: "gpu_1_temperature_celsius", value: 71 },
    { metric: "gpu_1_power_watts", value: 692.18 },
  ]);
});

test("common XIDs have words and advice, programs' own faults are no alarm", () => {
  for (const code of [13, 31, 43, 45]) expect(meaningOf(code).severity).toBe("note");
  for (const code of [48, 64, 74, 79, 95, 119, 120]) {
    expect(meaningOf(code).severity).toBe("critical");
  }
  for (const code of [63, 92, 94]) expect(meaningOf(code).severity).toBe("warning");
  for (const code of [13, 31, 43, 45, 48, 63, 64, 74, 79, 92, 94, 95, 119, 120, 154, 9999]) {
    expect(meaningOf(code).advice).toMatch(/\.$/);
  }
});
