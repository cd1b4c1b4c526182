/** Small fleets for tests. Sizes are in GiB; a GPU is an H100 where nothing else is said. */
import type { Demand, Device, Host, Need, Unfit } from "./fleet.ts";

export const gib = 2 ** 30;

export const gpu = (id: string, more: Partial<Device> = {}): Device => ({
  id,
  kind: "NVIDIA H100 80GB HBM3",
  memory_bytes: 80 * gib,
  reserved_bytes: 0,
  leaving_bytes: 0,
  asleep_bytes: 0,
  foreign_bytes: 0,
  starting: false,
  ...more,
});

export const processors = (memory_gib: number, more: Partial<Device> = {}): Device =>
  gpu("cpu", { kind: "cpu", memory_bytes: memory_gib * gib, ...more });

export const host = (name: string, devices: readonly Device[], more: Partial<Host> = {}): Host => ({
  id: `host_${name}`,
  name,
  labels: {},
  cordoned: false,
  down_for_ms: 0,
  runtimes: ["vllm", "llama-server"],
  devices,
  sources: new Set(),
  ...more,
});

export const need = (devices: number, each_gib: number): Need => ({
  devices,
  bytes_per_device: each_gib * gib,
  guessed: false,
});

export const demand = (answer: Need | Unfit, more: Partial<Demand> = {}): Demand => ({
  runtime: "vllm",
  source: "org/model",
  labels: {},
  gpu_type: null,
  beside: new Set(),
  needOn: () => answer,
  longestContextOn: () => 0,
  ...more,
});

/** A linear congruential generator: the same numbers for the same seed. */
export function random(seed: number): (below: number) => number {
  let state = seed;
  return (below) => {
    state = (state * 1_664_525 + 1_013_904_223) % 2 ** 32;
    return Math.floor((state / 2 ** 32) * below);
  };
}
