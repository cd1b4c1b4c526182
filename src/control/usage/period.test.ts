import { expect, test } from "bun:test";
import { bucketStarts, chartPeriod, listPeriod } from "./period.ts";

const minute = 60_000;
const hour = 60 * minute;
const day = 24 * hour;
const now = 20_000 * day + 13 * hour + 37 * minute + 12_345;

test("a list covers the last 30 days up to and including now", () => {
  expect(listPeriod({}, now)).toEqual({ from: now + 1 - 30 * day, to: now + 1 });
  expect(listPeriod({ from: 5 }, 10)).toEqual({ from: 5, to: 11 });
});

for (const [bucket, size, count] of [
  ["minute", minute, 60],
  ["hour", hour, 24],
  ["day", day, 30],
] as const) {
  test(`a chart by ${bucket} has ${count} whole buckets, the present one last`, () => {
    for (const at of [now, 20_000 * day, 20_000 * day - 1]) {
      const starts = bucketStarts(bucket, chartPeriod(bucket, {}, at));
      expect(starts).toHaveLength(count);
      expect(starts.at(-1)).toBe(Math.floor(at / size) * size);
      expect(starts.every((start) => start % size === 0)).toBe(true);
    }
  });
}

test("an asked range is widened to the start of its first bucket", () => {
  const period = chartPeriod("hour", { from: 3 * hour + 1, to: 5 * hour + 1 }, now);
  expect(period).toEqual({ from: 3 * hour, to: 5 * hour + 1 });
  expect(bucketStarts("hour", period)).toEqual([3 * hour, 4 * hour, 5 * hour]);
});

test("ranges that are reversed, empty, too long or no numbers are refused by name", () => {
  const refused = (param: string) => expect.objectContaining({ status: 400, param });
  expect(() => listPeriod({ from: 10, to: 10 }, now)).toThrow(refused("from"));
  expect(() => listPeriod({ from: 10, to: 5 }, now)).toThrow(refused("from"));
  expect(() => listPeriod({ from: 0, to: now }, now)).toThrow(refused("from"));
  expect(() => listPeriod({ from: 1.5 }, now)).toThrow(refused("from"));
  expect(() => listPeriod({ to: Number.POSITIVE_INFINITY, from: 0 }, now)).toThrow(refused("to"));
  expect(() => chartPeriod("minute", { from: now - 2 * day }, now)).toThrow(refused("from"));
  expect(() => chartPeriod("minute", { from: 0, to: Number.NaN }, now)).toThrow(refused("to"));
});
