import { expect, test } from "bun:test";
import { ownerOf } from "./owners.ts";

const owners = [
  { id: "rep_a", pid: 100 },
  { id: "rep_b", pid: 200 },
  { id: "rep_waits", pid: 0 },
];
const stats: Record<number, { session: number; group: number }> = {
  100: { session: 100, group: 100 },
  101: { session: 100, group: 100 },
  102: { session: 9, group: 200 },
  300: { session: 300, group: 300 },
  400: { session: 0, group: 0 },
};
const stat = (pid: number) => stats[pid] && { state: "S", start_ticks: 1, ...stats[pid] };

test.each([
  [100, "rep_a"],
  [101, "rep_a"],
  [102, "rep_b"],
  [300, ""],
  // The kernel's own, or of another pid namespace: never that of a replica without a process.
  [400, ""],
  [999, ""],
])("process %d is of %j", (pid, id) => {
  expect(ownerOf(pid, owners, stat)).toBe(id);
});
