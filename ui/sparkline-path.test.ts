import { expect, test } from "bun:test";
import { pathOf } from "./sparkline-path.ts";

const scale = { from: 0, to: 100, top: 10, interval_ms: 10 };

test("a line goes up with the values, and breaks where nothing was measured", () => {
  const points = [
    [0, 0, 0, 0],
    [10, 10, 10, 10],
    [90, 5, 5, 5],
  ] as const;
  expect(pathOf(points, scale, 100, 20)).toBe("M0.0 20.0L10.0 0.0M90.0 10.0");
});

test("no points are no line, and a line of zeros stays on the ground", () => {
  expect(pathOf([], scale, 100, 20)).toBe("");
  expect(pathOf([[50, 0, 0, 0]], { ...scale, top: 0 }, 100, 20)).toBe("M50.0 20.0");
});
