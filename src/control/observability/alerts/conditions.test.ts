import { expect, test } from "bun:test";
import { gib, gpuOf, hostOf, hour, sampleOf, thresholds } from "./alerts.testbed.ts";
import { gpuConditions } from "./gpu-conditions.ts";
import { certificateEnding, diskLow, hostDown, weightsDamaged } from "./host-conditions.ts";
import type { Thresholds, WatchedHost } from "./watched.ts";

const now = 100 * hour;
const found = (changes: Partial<WatchedHost>, limits: Thresholds = thresholds) =>
  gpuConditions(hostOf(changes), limits, now);
const keys = (changes: Partial<WatchedHost>, limits?: Thresholds) =>
  found(changes, limits).map(({ key }) => key);

test("a host that is well has nothing", () => {
  const host = hostOf();
  expect([...hostDown(host), ...diskLow(host, thresholds, () => false), ...found({})]).toEqual([]);
});

test.each([
  [101, false, 0],
  [99, false, 1],
  // Once it is an alert, it takes a little more to be over.
  [119, true, 1],
  [121, true, 0],
])("with %d of 1000 GiB free, and an alert open: %j, there are %d", (free, isOpen, count) => {
  const disk = { path: "/data", free_bytes: free * gib, bytes: 1000 * gib };
  expect(diskLow(hostOf({ disk }), thresholds, () => isOpen)).toHaveLength(count);
});

test("a disk says its path and its numbers, and is critical when hardly anything is left", () => {
  const disk = { path: "/data", free_bytes: 20 * gib, bytes: 1000 * gib };
  expect(diskLow(hostOf({ disk }), thresholds, () => false)).toMatchObject([
    {
      severity: "critical",
      detail: "Of the disk of /data, 20.0 GiB of 1000.0 GiB are free (2.0%).",
    },
  ]);
});

test("weights that the disk has damaged are named while something runs from them", () => {
  expect(weightsDamaged(hostOf())).toEqual([]);
  expect(weightsDamaged(hostOf({ damaged_sources: ["hf:org/repo"] }))).toMatchObject([
    {
      key: "weights_damaged/host_a",
      severity: "critical",
      detail: expect.stringContaining("hf:org/repo"),
      advice: expect.stringContaining("Pause and resume"),
    },
  ]);
});

test("the fleet's CA and the server's certificate are reported in time, each with what to do", () => {
  const day = 24 * hour;
  const at = (ca_days: number, server_days: number) => {
    const certificates = {
      ca_expires_at: now + ca_days * day,
      server_expires_at: now + server_days * day,
    };
    return certificateEnding(hostOf({ certificates }), now);
  };
  expect(certificateEnding(hostOf(), now)).toEqual([]);
  expect(at(91, 120)).toEqual([]);
  expect(at(90, 120)).toMatchObject([
    {
      key: "certificate_ending/host_a/ca",
      severity: "warning",
      detail: "The fleet's CA ends on 1970-04-05. From then on no host can connect.",
      advice: expect.stringContaining("join again"),
    },
  ]);
  expect(at(1000, 13)).toMatchObject([
    { severity: "critical", advice: expect.stringContaining("Restart the appliance") },
  ]);
});

test("only silence is down", () => {
  expect(hostDown(hostOf({ sight: "unclear" }))).toEqual([]);
  expect(hostDown(hostOf({ sight: "silent", silence: "It is silent." }))).toMatchObject([
    { key: "host_down/host_a", detail: "It is silent." },
  ]);
});

test("a GPU that is gone is named; when none answers, that is one condition", () => {
  expect(found({ samples: [sampleOf(0)] })).toMatchObject([
    { key: "gpu_lost/host_a/GPU-1", title: "GPU 1 is gone", gpu: { index: 1, uuid: "GPU-1" } },
  ]);
  expect(keys({ gpus: [gpuOf(0)], samples: [sampleOf(0)], missing: [gpuOf(1)] })).toEqual([
    "gpu_lost/host_a/GPU-1",
  ]);
  expect(keys({ samples: [] })).toEqual(["gpu_silent/host_a"]);
  expect(found({ gpus: [], samples: [], missing: [gpuOf(0), gpuOf(1)] })).toMatchObject([
    { key: "gpu_silent/host_a", detail: "None of its 2 GPUs has answered for a while." },
  ]);
});

test("an agent of an earlier version measures no GPU, and misses none", () => {
  const gpus = [{ ...gpuOf(0), pci_bus_id: "" }];
  expect(keys({ gpus, samples: [] })).toEqual([]);
  expect(keys({ gpus: [], samples: [] })).toEqual([]);
});

test("memory errors that ECC could not correct count, corrected ones do not", () => {
  const samples = [sampleOf(0, { ecc_corrected: 900 }), sampleOf(1, { ecc_uncorrected: 3 })];
  expect(found({ samples })).toMatchObject([
    {
      key: "gpu_ecc/host_a/GPU-1",
      severity: "critical",
      detail: expect.stringContaining("3 memory"),
    },
  ]);
});

test.each([
  [["hw_thermal_slowdown"], "it is too hot"],
  [["sw_thermal_slowdown", "sw_power_cap"], "it is too hot"],
  [["hw_slowdown", "hw_power_brake_slowdown"], "it gets too little power"],
  [["hw_slowdown"], "the hardware says so"],
])("%j is being slowed down because %s", (throttle_reasons, why) => {
  const samples = [sampleOf(0, { throttle_reasons }), sampleOf(1)];
  const [condition, ...more] = found({ samples });
  expect([condition?.key, more]).toEqual(["gpu_throttled/host_a/GPU-0", []]);
  expect(condition?.detail).toContain(`because ${why}: 88 °C, 412 W, 990 MHz`);
});

test("the power limit is usual under load, and counts for those who want it", () => {
  const samples = [sampleOf(0, { throttle_reasons: ["sw_power_cap", "sync_boost"] }), sampleOf(1)];
  expect(keys({ samples })).toEqual([]);
  expect(keys({ samples }, { ...thresholds, power_cap: true })).toEqual([
    "gpu_throttled/host_a/GPU-0",
  ]);
});

test("XIDs of a day are one condition for each GPU and severity; programs' own faults are none", () => {
  const xid = (code: number, at_ms: number, gpu_uuid = "GPU-1") => ({
    code,
    at_ms,
    gpu_uuid,
    text: `about ${code}`,
  });
  const xids = [
    ...[xid(48, now - 25 * hour, "GPU-0"), xid(13, now - hour), xid(95, now - hour)],
    ...[xid(79, now - 1000), xid(63, now - 5000), xid(79, now, "")],
  ];
  const conditions = found({ xids });
  expect(conditions.map(({ key, title }) => [key, title])).toEqual([
    ["gpu_xid/host_a/GPU-1/critical", "GPU 1 has XID 79"],
    ["gpu_xid/host_a/GPU-1/warning", "GPU 1 has XID 63"],
    ["gpu_xid/host_a//critical", "A GPU has XID 79"],
  ]);
  expect(conditions[0]?.detail).toContain("XID 79: the GPU has fallen off the bus.");
  expect(conditions[0]?.detail).toContain("about 79. It is the newest of 2 in a day.");
  expect(conditions[0]?.advice).toContain("Restart the host");
  expect(conditions[2]?.gpu).toBeNull();
});
