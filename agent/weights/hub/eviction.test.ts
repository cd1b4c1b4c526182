import { expect, test } from "bun:test";
import { type Kept, toEvict } from "./eviction.ts";

const gb = 1e9;
const disk = (free_gb: number) => ({ free_bytes: free_gb * gb, total_bytes: 100 * gb });
const file = (path: string, gigabytes: number, used_at_ms: number, pinned = false): Kept => ({
  path,
  bytes: gigabytes * gb,
  used_at_ms,
  pinned,
});
const names = (kept: readonly Kept[]) => kept.map(({ path }) => path);

test("nothing goes while a tenth of the disk stays free", () => {
  expect(toEvict([file("old", 30, 1)], disk(20), 10 * gb)).toEqual([]);
  expect(toEvict([file("old", 30, 1)], disk(5), 0)).toEqual([]);
});

test("beyond that the longest unused go, until a fifth is free", () => {
  const kept = [file("new", 10, 9), file("old", 10, 1), file("middle", 10, 5)];
  expect(names(toEvict(kept, disk(20), 15 * gb))).toEqual(["old", "middle"]);
});

test("what a replica needs stays, even when the room is not enough then", () => {
  const kept = [file("used", 50, 1, true), file("old", 5, 2)];
  expect(names(toEvict(kept, disk(10), 40 * gb))).toEqual(["old"]);
});

test("files that were used together go together", () => {
  const kept = [file("b", 1, 9), file("a1", 20, 1), file("a2", 20, 1), file("a3", 20, 1)];
  expect(names(toEvict(kept, disk(10), 5 * gb))).toEqual(["a1", "a2", "a3"]);
});
