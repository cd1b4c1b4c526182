import { expect, test } from "bun:test";
import { type Breaker, failed, healthy, isTrusted, tried, unproven } from "./breaker.ts";

/** The breaker after each trial has failed, the latest at the returned time. */
function failing(trials: number): { breaker: Breaker; now: number; waits: number[] } {
  let breaker = failed(healthy, "unreachable", 0);
  let now = 0;
  const waits: number[] = [];
  for (let trial = 0; trial < trials; trial++) {
    const since = now;
    while (!isTrusted(breaker, now)) now += 500;
    waits.push(now - since);
    breaker = failed(tried(breaker, now), "unreachable", now);
  }
  return { breaker, now, waits };
}

test("one failure to connect opens it, for a second", () => {
  const breaker = failed(healthy, "unreachable", 5_000);
  expect([5_000, 5_999, 6_000].map((now) => isTrusted(breaker, now))).toEqual([false, false, true]);
});

test("broken answers open it with the third in a row", () => {
  const second = failed(failed(healthy, "broken", 0), "broken", 1);
  expect(isTrusted(second, 2)).toBe(true);
  expect(isTrusted(failed(second, "broken", 2), 2)).toBe(false);
});

test("a failure to connect is one too many also after one broken answer", () => {
  expect(isTrusted(failed(failed(healthy, "broken", 0), "unreachable", 1), 1)).toBe(false);
});

test("every trial that fails doubles the wait, up to half a minute", () => {
  expect(failing(8).waits).toEqual([1_000, 2_000, 4_000, 8_000, 16_000, 30_000, 30_000, 30_000]);
});

test("there is one trial at a time", () => {
  const trial = tried(failed(healthy, "unreachable", 0), 1_000);
  expect([isTrusted(trial, 1_000), isTrusted(trial, 100_000)]).toEqual([false, false]);
});

test("who is tried before the time has come, or while it is well, is no trial", () => {
  const open = failed(healthy, "unreachable", 0);
  expect(tried(open, 999)).toBe(open);
  expect(tried(healthy, 0)).toBe(healthy);
});

test("a trial that proves nothing leaves the next request to be the trial, and the wait as it was", () => {
  const open = failing(2).breaker;
  const again = unproven(tried(open, 10_000));
  expect(isTrusted(again, 10_000)).toBe(true);
  expect(failed(tried(again, 10_000), "broken", 10_000)).toMatchObject({ wait_ms: 8_000 });
});

test("many requests that fail together are one failure", () => {
  let breaker = failed(healthy, "unreachable", 0);
  for (let now = 1; now < 100; now++) breaker = failed(breaker, "unreachable", now);
  expect(breaker).toEqual({ is: "open", failed_at: 99, until: 1_000, wait_ms: 1_000 });
});
