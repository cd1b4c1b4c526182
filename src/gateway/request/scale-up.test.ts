import { expect, test } from "bun:test";
import { holdMs, scaleUpTimeout } from "./scale-up.ts";

const asked = (value: string) => scaleUpTimeout(new Headers({ "x-scale-up-timeout": value }));

test("the header is whole seconds, and nobody is held for more than ten minutes", () => {
  expect(["0", "1", "600", "601", "99999999999999999999"].map(asked)).toEqual([
    0, 1, 600, 600, 600,
  ]);
  expect(scaleUpTimeout(new Headers())).toBeNull();
});

test("without the header a stream is held longer than a whole answer, whose client hears nothing", () => {
  expect(holdMs(null, "hold", true)).toBe(600_000);
  expect(holdMs(null, "hold", false)).toBeLessThan(300_000);
  expect(holdMs(null, "fail", true)).toBe(0);
});

test("with the header the endpoint's setting does not count", () => {
  expect([holdMs(0, "hold", true), holdMs(7, "fail", false)]).toEqual([0, 7_000]);
});
