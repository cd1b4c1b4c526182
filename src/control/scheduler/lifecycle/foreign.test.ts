import { expect, test } from "bun:test";
import type { GpuProcess } from "../../../../agent/contract/protocol/messages.ts";
import { foreignBytes } from "./foreign.ts";
import { gpuSampleWith } from "./lifecycle.testbed.ts";

const gib = 2 ** 30;
const ours = new Set(["rep_a"]);
const process = (replica_id: string, gibs: number): GpuProcess => ({
  pid: 7,
  name: "python3",
  replica_id,
  memory_bytes: gibs * gib,
});
const on = (used: number, ...processes: GpuProcess[]) =>
  gpuSampleWith({ memory_used_bytes: used * gib, processes });

test.each([
  ["nothing is measured", undefined, 0],
  ["nobody is there", on(0.4), 0],
  ["only ours are", on(60, process("rep_a", 59)), 0],
  ["others are beside ours", on(70, process("rep_a", 40), process("", 20), process("", 5)), 25],
  ["a replica is there without a reservation", on(20, process("rep_elastic", 19)), 19],
  ["a stranger's share is not said", on(30, process("", 0)), 30],
  [
    "a stranger's share is not said, nor is more used than by the driver",
    on(0.4, process("", 0)),
    0,
  ],
  [
    "a stranger's share is not said, but ours may be all of it",
    on(30, process("", 0), process("rep_a", 0)),
    0,
  ],
])("where %s, others hold what they hold", (_, sample, gibs) => {
  expect(foreignBytes(sample, ours)).toBe(gibs * gib);
});
