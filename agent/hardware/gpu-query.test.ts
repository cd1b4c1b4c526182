import { expect, test } from "bun:test";
import { readFileSync } from "node:fs";
import {
  gpuArguments,
  gpuFields,
  kernelBusId,
  lostBusId,
  parseGpuLine,
  refusedField,
  withoutField,
} from "./gpu-query.ts";

const mib = 1024 * 1024;
const sample = (name: string) =>
  readFileSync(new URL(`samples/${name}.csv`, import.meta.url), "utf8")
    .split("\n")
    .flatMap((line) => parseGpuLine(gpuFields, line) ?? []);

test("reads two H200: one idle, one at its power limit", () => {
  const [idle, busy] = sample("h200-pair");
  expect(idle?.sample).toMatchObject({ utilization_ratio: 0, throttle_reasons: [] });
  expect(busy).toEqual({
    gpu: {
      index: 1,
      uuid: "GPU-b1a20c3f-5d6e-4f70-9182-a3b4c5d6e7f8",
      name: "NVIDIA H200",
      vram_bytes: 143_771 * mib,
      vram_used_bytes: 131_204 * mib,
      driver_version: "580.159.04",
      compute_capability: "9.0",
      mig: false,
      pci_bus_id: "0000:3b:00",
    },
    sample: {
      uuid: "GPU-b1a20c3f-5d6e-4f70-9182-a3b4c5d6e7f8",
      utilization_ratio: 0.97,
      memory_used_bytes: 131_204 * mib,
      temperature_celsius: 71,
      power_watts: 692.18,
      power_limit_watts: 700,
      sm_clock_mhz: 1755,
      memory_clock_mhz: 3201,
      ecc_corrected: 12,
      ecc_uncorrected: 0,
      throttle_reasons: ["sw_power_cap"],
      processes: [],
    },
  });
});

test("a GPU in MIG mode gives no utilisation, and is found all the same", () => {
  expect(sample("a100-mig")).toMatchObject([
    {
      gpu: { mig: true, compute_capability: "8.0", vram_bytes: 81_920 * mib },
      sample: {
        utilization_ratio: 0,
        ecc_uncorrected: 2,
        throttle_reasons: ["hw_slowdown", "sw_thermal_slowdown", "hw_power_brake_slowdown"],
      },
    },
  ]);
});

test("a consumer card has neither MIG nor ECC, a GB10 no separate memory", () => {
  expect(sample("rtx-4090")).toMatchObject([
    { gpu: { mig: false }, sample: { ecc_corrected: 0, memory_used_bytes: 611 * mib } },
  ]);
  expect(sample("gb10")).toMatchObject([
    { gpu: { vram_bytes: 0, driver_version: "", pci_bus_id: "000f:01:00" } },
  ]);
});

test("a GPU that fell off the bus is not there, its neighbour is", () => {
  expect(sample("one-is-lost").map(({ gpu }) => gpu.index)).toEqual([0]);
});

test.each([
  [""],
  ["No devices were found"],
  ["NVIDIA-SMI has failed because it couldn't communicate with the NVIDIA driver."],
  ["Unable to determine the device handle for GPU0000:01:00.0: Unknown Error"],
  ["0, GPU"],
])("%j is no GPU", (line) => {
  expect(parseGpuLine(gpuFields, line)).toBeUndefined();
});

test("a field that an older driver does not know gets its older name, or is left out", () => {
  const refused = refusedField(
    'Field "clocks_event_reasons.active" is not a valid field to query.',
  );
  expect(refused).toBe("clocks_event_reasons.active");
  const older = withoutField(gpuFields, refused ?? "");
  expect(older.at(-1)).toBe("clocks_throttle_reasons.active");
  const oldest = withoutField(older, "compute_cap");
  expect(oldest).toHaveLength(gpuFields.length - 1);
  const line =
    "0, GPU-a, Tesla V100, 16384, 3, 470.1, 00000000:04:00.0, [N/A], 5, 30, 40.00, 300.00, 1, 2, 0, 0, 0x0000000000000020";
  expect(parseGpuLine(oldest, line)).toMatchObject({
    gpu: { compute_capability: "", pci_bus_id: "0000:04:00" },
    sample: { utilization_ratio: 0.05, throttle_reasons: ["sw_thermal_slowdown"] },
  });
  expect(refusedField("0, GPU-a")).toBeUndefined();
});

test("the loop is asked for in milliseconds", () => {
  expect(gpuArguments(["index", "uuid"], 1000)).toEqual([
    "--query-gpu=index,uuid",
    "--format=csv,noheader,nounits",
    "-lms",
    "1000",
  ]);
});

test.each([
  ["00000000:3B:00.0", "0000:3b:00"],
  ["0000:3b:00", "0000:3b:00"],
  ["[N/A]", ""],
])("bus id %j is %j in the kernel's log", (id, kernel) => {
  expect(kernelBusId(id)).toBe(kernel);
});

test.each([
  ["Unable to determine the device handle for GPU0000:CB:00.0: Unknown Error", "0000:cb:00"],
  ["Unable to determine the device handle for GPU1: 0000:34:00.0: Unknown Error", "0000:34:00"],
  [
    "Unable to determine the device handle for GPU 0000:3B:00.0: GPU is lost.  Reboot the system to recover this GPU",
    "0000:3b:00",
  ],
  ["0, GPU-a", undefined],
])("%j names the bus %j", (line, bus) => {
  expect(lostBusId(line)).toBe(bus);
});
