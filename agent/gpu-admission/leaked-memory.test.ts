import { expect, test } from "bun:test";
import type { GpuProcess, GpuUse } from "./gpu-use.ts";
import { conflictOf, leakedMemory } from "./leaked-memory.ts";

const gib_bytes = 2 ** 30;
const process = (pid: number, gib: number, name = "python3"): GpuProcess => ({
  pid,
  name,
  memory_bytes: gib * gib_bytes,
});
const gpu = (used_gib: number, ...processes: GpuProcess[]): GpuUse => ({
  uuid: "GPU-a",
  vram_bytes: 80 * gib_bytes,
  memory_used_bytes: used_gib * gib_bytes,
  processes,
});

test("a start that does not fit beside a stranger is reported with pid, program and bytes", () => {
  const uses = [gpu(70, process(7, 2), process(4242, 68))];
  expect(conflictOf(uses, 61 * gib_bytes, new Set([7]))).toBe(
    "GPU-a has 10.0 GiB free of 80.0 GiB and this start needs at least 61.0 GiB: process 4242 (python3) holds 68.0 GiB, which Hypervize did not start and does not end. End it there, or choose another GPU.",
  );
});

test.each([
  ["it fits beside the stranger", [gpu(20, process(4242, 20))], 60],
  ["only ours are there", [gpu(70, process(7, 70))], 61],
  ["nobody is there", [gpu(70)], 61],
  ["nothing is known of what it needs", [gpu(80, process(4242, 80))], 0],
])("a start goes on when %s", (_, uses, needed_gib) => {
  expect(conflictOf(uses, needed_gib * gib_bytes, new Set([7]))).toBeUndefined();
});

test("the second of two GPUs counts as much as the first, and a process without a name or bytes too", () => {
  const uses = [gpu(1), { ...gpu(79, process(9, 0, "")), uuid: "GPU-b" }];
  expect(conflictOf(uses, 2 * gib_bytes, new Set())).toContain("GPU-b has 1.0 GiB free");
  expect(conflictOf(uses, 2 * gib_bytes, new Set())).toContain(": process 9 holds memory, which");
});

const traces = (unaccounted_gib?: number) => ({
  pids: new Set([7]),
  unaccounted_bytes: new Map(
    unaccounted_gib === undefined ? [] : [["GPU-a", unaccounted_gib * gib_bytes]],
  ),
});

test("memory is not free while the driver lists the process", () => {
  expect(leakedMemory([gpu(60, process(7, 60))], traces(0))).toBe(
    "on GPU-a process 7 (python3) holds 60.0 GiB after its end",
  );
});

test("memory is not free while more belongs to nobody than before the start", () => {
  expect(leakedMemory([gpu(60.5, process(9, 20))], traces(0.5))).toBe(
    "GPU-a holds 40.0 GiB that belong to no process",
  );
});

test.each([
  ["as before, with a stranger who has grown", gpu(70.5, process(9, 70)), traces(0.5)],
  ["the driver keeps a little more", gpu(0.9), traces(0.5)],
  ["nothing is known of before", gpu(60), traces()],
  ["the driver does not say how much each holds", gpu(60, process(9, 0)), traces(0)],
])("memory is free: %s", (_, use, before) => {
  expect(leakedMemory([use], before)).toBeUndefined();
});
