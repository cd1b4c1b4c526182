import { expect, test } from "bun:test";
import { bucket_ms, bucketName, periods, startOf } from "./buckets.ts";

const now = Date.UTC(2026, 10, 23, 14, 5, 30);

test("a period begins on a bucket's edge and holds as many buckets as it says", () => {
  for (const period of periods) {
    const start = startOf(period, now);
    const size = bucket_ms[period.bucket];
    expect(start % size).toBe(0);
    expect(Math.ceil((now + 1 - start) / size)).toBe(period.buckets);
  }
});

test("on the very edge of a bucket that bucket is the present one", () => {
  const edge = Date.UTC(2026, 10, 23, 14, 0, 0);
  const [hour] = periods;
  expect(hour && edge - startOf(hour, edge)).toBe(59 * 60_000);
});

test("a day is named in UTC and says so", () => {
  expect(bucketName("day", Date.UTC(2026, 10, 23))).toBe("2026-11-23 UTC");
});
