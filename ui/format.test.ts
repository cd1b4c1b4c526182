import { expect, test } from "bun:test";
import {
  ago,
  bytes,
  bytesOf,
  count,
  duration,
  percent,
  plural,
  short,
  until,
  utcDate,
} from "./format.ts";

test("counts are in full below a million and short from there on", () => {
  expect([0, 999, 1234, 999_999].map(count)).toEqual(["0", "999", "1,234", "999,999"]);
  expect([1_234_000, 12_340_000, 123_400_000, 2e9].map(count)).toEqual([
    "1.23M",
    "12.3M",
    "123M",
    "2.00B",
  ]);
});

test("axes are short", () => {
  expect([0, 5, 950, 1200, 15_000, 3e6].map(short)).toEqual(["0", "5", "950", "1.2k", "15k", "3M"]);
});

test("sizes are in binary units, and never 1024 of one", () => {
  expect([0, 512, 1536, 2 ** 30, 139.8 * 2 ** 30].map(bytes)).toEqual([
    "0 B",
    "512 B",
    "1.5 KiB",
    "1.0 GiB",
    "140 GiB",
  ]);
  expect(bytes(1024 ** 3 - 1)).toBe("1.0 GiB");
});

test("a share says the unit once when both have the same", () => {
  expect(bytesOf(41.2 * 2 ** 30, 128 * 2 ** 30)).toBe("41.2 of 128 GiB");
  expect(bytesOf(512 * 2 ** 20, 2 ** 40)).toBe("512 MiB of 1.0 TiB");
});

test("small shares keep a digit, so that little is not nothing", () => {
  expect([0, 0.004, 0.04, 0.5, 1].map(percent)).toEqual(["0%", "0.4%", "4.0%", "50%", "100%"]);
});

test("lengths of time keep three digits that matter", () => {
  expect([null, 0, 340.4, 1420, 12_340, 185_000].map(duration)).toEqual([
    "–",
    "0 ms",
    "340 ms",
    "1.42 s",
    "12.3 s",
    "3 min 5 s",
  ]);
});

test("no length of time has 60 seconds in it", () => {
  expect(duration(59_990)).toBe("1 min 0 s");
  expect(duration(119_800)).toBe("2 min 0 s");
  expect(duration(999.7)).toBe("1.00 s");
});

test("past and future are counted from now", () => {
  const now = 1_800_000_000_000;
  expect([null, now, now - 65_000, now - 7.2e6, now - 2.6e8].map((at) => ago(at, now))).toEqual([
    "never",
    "just now",
    "1 min ago",
    "2 h ago",
    "3 d ago",
  ]);
  expect([until(now + 8.64e7 * 6, now), until(now - 65_000, now)]).toEqual(["in 6 d", "1 min ago"]);
});

test("a clock that is ahead of ours does not make a time negative", () => {
  expect(ago(1_000_000_000_500, 1_000_000_000_000)).toBe("just now");
});

test("one is singular", () => {
  expect([0, 1, 2].map((n) => plural(n, "slot"))).toEqual(["0 slots", "1 slot", "2 slots"]);
});

test("days of the server are named in UTC", () => {
  expect(utcDate(Date.UTC(2026, 10, 23))).toBe("2026-11-23");
});
