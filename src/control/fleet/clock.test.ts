import { expect, test } from "bun:test";
import { clockProblem } from "./clock.ts";

test.each([null, 0, 30_000, -30_000])("%p is no problem", (ahead_ms) => {
  expect(clockProblem(ahead_ms)).toBeNull();
});

test.each([
  [45_000, "45 s ahead of"],
  [-180_000, "3 minutes behind"],
  [5 * 3_600_000, "5 hours ahead of"],
  [-172_800_000, "2 days behind"],
])("%p is explained", (ahead_ms, words) => {
  expect(clockProblem(ahead_ms)).toContain(words);
});
