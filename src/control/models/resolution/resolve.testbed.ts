/** Specs for tests of resolving. */
import type { Asked } from "./artifact.ts";
import type { Kind } from "./resolve-kinds.ts";

export const specOf = (over: Partial<Asked>): Asked => ({
  model: "builtin:hypervize-demo",
  revision: null,
  runtime: "auto",
  gpu: { type: null, count: null },
  context: null,
  concurrency: 4,
  env: {},
  args: [],
  ...over,
});

const gib = 2 ** 30;
export const h100: Kind = { kind: "NVIDIA H100 80GB HBM3", memory_bytes: 80 * gib, count: 8 };
export const rtx4090: Kind = { kind: "NVIDIA GeForce RTX 4090", memory_bytes: 24 * gib, count: 1 };
export const processors: Kind = { kind: "cpu", memory_bytes: 256 * gib, count: 1 };
