import { expect, test } from "bun:test";
import {
  autoscale,
  calm,
  type Load,
  scale_down_window_ms,
  scale_up_window_ms,
} from "./autoscale.ts";

const load = (changes: Partial<Load>): Load => ({
  min: 0,
  max: 4,
  target: 1,
  ready: 1,
  slots: 4,
  inflight: 0,
  waiting: 0,
  ttft_p95_ms: null,
  ...changes,
});

/** The target after LOADS, one a second. */
function after(seconds: number, of: (second: number) => Load): number {
  let pressure = calm;
  let target = of(0).target;
  for (let second = 0; second <= seconds; second++) {
    const scaled = autoscale({ ...of(second), target }, pressure, second * 1000);
    pressure = scaled.pressure;
    target = scaled.target;
  }
  return target;
}

test("more requests than slots for the whole window make more replicas, as many as they need", () => {
  const busy = () => load({ inflight: 11 });
  expect(after(scale_up_window_ms / 1000 - 1, busy)).toBe(1);
  expect(after(scale_up_window_ms / 1000, busy)).toBe(3);
});

test("a moment without pressure begins the window again", () => {
  expect(after(20, (second) => load({ inflight: second === 10 ? 4 : 11 }))).toBe(1);
});

test("slow first tokens make one more replica", () => {
  expect(after(15, () => load({ inflight: 1, ttft_p95_ms: 12_000 }))).toBe(2);
});

test("first tokens that come in ten seconds make none, however long that goes on", () => {
  for (const ttft_p95_ms of [0, 1, 300, 10_000]) {
    expect([ttft_p95_ms, after(900, () => load({ inflight: 4, ttft_p95_ms }))]).toEqual([
      ttft_p95_ms,
      1,
    ]);
  }
  expect(after(15, () => load({ inflight: 4, ttft_p95_ms: 10_001 }))).toBe(2);
});

test("an old measurement makes none where nothing runs", () => {
  expect(after(900, () => load({ ttft_p95_ms: 60_000 }))).toBe(1);
});

test("a replica that is still starting is waited for", () => {
  expect(after(60, () => load({ inflight: 30, ready: 0 }))).toBe(1);
});

test("never more than the maximum, never fewer than the minimum, and one at least", () => {
  expect(after(60, () => load({ inflight: 500, ready: 9, max: 2 }))).toBe(2);
  expect(autoscale(load({ min: 3, target: 1 }), calm, 0).target).toBe(3);
  expect(autoscale(load({ target: 9, max: 2 }), calm, 0).target).toBe(2);
});

test("fewer only when one replica less has been enough for five minutes", () => {
  const calmLoad = () => load({ target: 2, ready: 2, inflight: 1 });
  expect(after(scale_down_window_ms / 1000 - 1, calmLoad)).toBe(2);
  expect(after(scale_down_window_ms / 1000, calmLoad)).toBe(1);
});

test("a load between the two thresholds moves nothing, for ever", () => {
  expect(after(2000, () => load({ target: 2, ready: 2, inflight: 4 }))).toBe(2);
});

test("load that comes and goes every minute scales once, not every minute", () => {
  const targets = new Set<number>();
  let pressure = calm;
  let target = 1;
  const changes: number[] = [];
  for (let second = 0; second < 1800; second++) {
    const inflight = Math.floor(second / 60) % 2 === 0 ? 8 : 0;
    const scaled = autoscale(load({ target, ready: target, inflight }), pressure, second * 1000);
    if (scaled.target !== target) changes.push(second);
    ({ target, pressure } = scaled);
    targets.add(target);
  }
  expect(changes).toHaveLength(1);
  expect([...targets]).toEqual([1, 2]);
});
