import { expect, test } from "bun:test";
import { Bucket } from "./bucket.ts";

/** Numbers from 0 up to 1, the same in every run (Park and Miller's generator). */
function* random(seed: number): Generator<number, never> {
  for (let state = seed; ; ) {
    state = (state * 48_271) % 2_147_483_647;
    yield state / 2_147_483_647;
  }
}

test("a minute's worth may come at once, and then one every so often", () => {
  const bucket = new Bucket(60, 0);
  bucket.take(60, 0);
  expect(bucket.level(0)).toBe(0);
  expect(bucket.wait_ms(1, 0)).toBe(1000);
  expect(bucket.wait_ms(1, 999)).toBe(1);
  expect(bucket.wait_ms(1, 1000)).toBe(0);
  expect(bucket.wait_ms(60, 1000)).toBe(59_000);
  expect(bucket.level(10 * 60_000)).toBe(60);
});

test("what is taken on credit comes back first", () => {
  const bucket = new Bucket(60, 0);
  bucket.take(120, 0);
  expect(bucket.wait_ms(1, 0)).toBe(61_000);
  bucket.give(60, 0);
  expect(bucket.wait_ms(1, 0)).toBe(1000);
});

test("more than it ever holds has to wait until it is full, and not for ever", () => {
  const bucket = new Bucket(10, 0);
  expect(bucket.wait_ms(1000, 0)).toBe(0);
  bucket.take(1, 0);
  expect(bucket.wait_ms(1000, 0)).toBe(6000);
});

test("a new size keeps what was taken in the running minute", () => {
  const bucket = new Bucket(10, 0);
  bucket.take(4, 0);
  bucket.resize(100, 0);
  expect(bucket.level(0)).toBe(96);
  bucket.resize(3, 0);
  expect(bucket.level(0)).toBe(-1);
  expect(bucket.level(60_000)).toBe(2);
});

test("a clock that goes back neither fills nor empties it", () => {
  const bucket = new Bucket(60, 5000);
  bucket.take(1, 5000);
  expect(bucket.level(0)).toBe(59);
  expect(bucket.level(5000)).toBe(59);
});

test("whatever is asked when: who waits as long as told gets it, and never more than the rate passes", () => {
  const dice = random(20_261_123);
  const upTo = (most: number): number => 1 + Math.floor(dice.next().value * most);
  for (let run = 0; run < 300; run++) {
    const per_minute = upTo(1000);
    const bucket = new Bucket(per_minute, 0);
    let now = 0;
    let passed = 0;
    for (let step = 0; step < 100; step++) {
      const count = Math.min(upTo(500), per_minute);
      now += dice.next().value * upTo(90_000);
      now += bucket.wait_ms(count, now);
      if (bucket.wait_ms(count, now) > 0) throw new Error(`run ${run}: told to wait too short`);
      bucket.take(count, now);
      passed += count;
      expect(passed).toBeLessThanOrEqual(per_minute + (now / 60_000) * per_minute + 0.001);
      expect(bucket.level(now)).toBeGreaterThan(-0.001);
    }
  }
});

test("what is given back was never gone", () => {
  const bucket = new Bucket(100, 0);
  const counts = Array.from({ length: 50 }, (_, index) => index);
  for (const count of counts) bucket.take(count, 0);
  for (const count of counts.reverse()) bucket.give(count, 0);
  expect(bucket.level(0)).toBe(100);
});
