/** Hosts as the rules look at them: well, but for what a test says. */
import type { Gpu, GpuSample } from "../../../../agent/contract/protocol/messages.ts";
import type { Thresholds, WatchedHost } from "./watched.ts";

export const gib = 2 ** 30;
export const minute = 60_000;
export const hour = 60 * minute;
export const thresholds: Thresholds = {
  disk_free_percent: 10,
  throttle_minutes: 5,
  power_cap: false,
};

export const gpuOf = (index: number): Gpu => ({
  index,
  uuid: `GPU-${index}`,
  name: "NVIDIA H200",
  vram_bytes: 141 * gib,
  vram_used_bytes: 0,
  driver_version: "580",
  compute_capability: "9.0",
  mig: false,
  pci_bus_id: `0000:${index}b:00`,
});

export const sampleOf = (index: number, changes: Partial<GpuSample> = {}): GpuSample => ({
  uuid: `GPU-${index}`,
  utilization_ratio: 0.9,
  memory_used_bytes: gib,
  temperature_celsius: 88,
  power_watts: 412,
  power_limit_watts: 700,
  sm_clock_mhz: 990,
  memory_clock_mhz: 3201,
  ecc_corrected: 0,
  ecc_uncorrected: 0,
  throttle_reasons: [],
  processes: [],
  ...changes,
});

export function hostOf(changes: Partial<WatchedHost> = {}): WatchedHost {
  return {
    id: "host_a",
    name: "gpu-1",
    sight: "up",
    silence: "",
    missing: [],
    xids: [],
    damaged_sources: [],
    certificates: null,
    disk: { path: "/data", free_bytes: 500 * gib, bytes: 1000 * gib },
    gpus: [gpuOf(0), gpuOf(1)],
    samples: [sampleOf(0), sampleOf(1)],
    ...changes,
  };
}
