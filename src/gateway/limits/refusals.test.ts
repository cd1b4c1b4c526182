import { expect, test } from "bun:test";
import { durationText } from "./refusals.ts";

test.each([
  [0, "0ms"],
  [12, "12ms"],
  [999, "999ms"],
  [1000, "1s"],
  [1500, "1.5s"],
  [59_900, "59.9s"],
  [59_950, "1m0s"],
  [60_000, "1m0s"],
  [119_500, "2m0s"],
  [360_000, "6m0s"],
])("%i ms reads %s", (ms, text) => {
  expect(durationText(ms)).toBe(text);
});
