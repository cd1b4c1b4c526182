/** Specs for tests of resolving. */
import type { Kind } from "./resolve-kinds.ts";
import type { EndpointSpec } from "./spec.ts";

export const specOf = (over: Partial<EndpointSpec>): EndpointSpec => ({
  ...{ model: "builtin:hypervize-demo", revision: null, task: null, runtime: "auto" },
  ...{ gpu: { type: null, count: null }, context: null, concurrency: 4 },
  ...{ min_replicas: 0, max_replicas: 1, idle_timeout_s: 900, l1_timeout_s: 0 },
  cold_start: "hold",
  ...{ labels: {}, env: {}, args: [], visibility: "private" },
  ...over,
});

const gib = 2 ** 30;
export const h100: Kind = { kind: "NVIDIA H100 80GB HBM3", memory_bytes: 80 * gib, count: 8 };
export const rtx4090: Kind = { kind: "NVIDIA GeForce RTX 4090", memory_bytes: 24 * gib, count: 1 };
export const processors: Kind = { kind: "cpu", memory_bytes: 256 * gib, count: 1 };
