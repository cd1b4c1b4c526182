import { expect, test } from "bun:test";
import type { EngineCounters } from "./counters.ts";
import { compare, driftOf } from "./drift.ts";

const counters = (
  prompt: number,
  completion: number,
  { off_by = 0, includes_cached = true } = {},
): EngineCounters => ({
  prompt: { tokens: prompt, off_by },
  completion: { tokens: completion, off_by },
  includes_cached,
  inflight: 0,
});
const metered = (prompt_tokens: number, completion_tokens: number, cached_tokens = 0) => ({
  prompt_tokens,
  completion_tokens,
  cached_tokens,
});
const ratio = (engine: [number, number], ours: [number, number]) =>
  driftOf({
    engine_prompt_tokens: engine[0],
    engine_completion_tokens: engine[1],
    metered_prompt_tokens: ours[0],
    metered_completion_tokens: ours[1],
  });

test("drift is a part of what the engine counted: more is positive, less negative", () => {
  expect(ratio([60, 40], [60, 40])).toBe(0);
  expect(ratio([60, 40], [61, 40])).toBe(0.01);
  expect(ratio([60, 40], [60, 30])).toBe(-0.1);
  expect(ratio([0, 0], [0, 0])).toBe(0);
  expect(ratio([0, 0], [5, 2])).toBe(7);
});

test("what was counted between two looks is compared", () => {
  expect(compare(counters(9, 1), counters(109, 51), metered(100, 50))?.compared).toEqual({
    engine_prompt_tokens: 100,
    engine_completion_tokens: 50,
    metered_prompt_tokens: 100,
    metered_completion_tokens: 50,
  });
});

test("where the engine leaves out what its cache knew, we leave it out", () => {
  const older = { includes_cached: false };
  const difference = compare(counters(0, 0, older), counters(40, 5, older), metered(100, 5, 60));
  expect(difference?.compared).toMatchObject({
    engine_prompt_tokens: 40,
    metered_prompt_tokens: 40,
  });
});

test("a counter that went back means that the engine restarted", () => {
  expect(compare(counters(100, 10), counters(99, 20), metered(0, 10))).toBeNull();
  expect(compare(counters(100, 10), counters(200, 9), metered(100, 0))).toBeNull();
});

test("what rounding hides is no drift, and no new beginning", () => {
  const rounded = { off_by: 5 };
  const before = counters(1_000_000, 1_000_000, rounded);
  const difference = compare(before, counters(1_000_010, 1_000_000, rounded), metered(3, 7));
  expect(difference?.compared).toMatchObject({
    engine_prompt_tokens: 3,
    engine_completion_tokens: 7,
  });
  expect(compare(before, counters(999_990, 1_000_000, rounded), metered(0, 0))).not.toBeNull();
});

test("a small drift that rounding hides in each look adds up until it shows", () => {
  let before = counters(1_000_000, 1_000_000, { off_by: 5 });
  let real = 1_000_000;
  let shown = 0;
  let ours = 0;
  for (let look = 0; look < 100; look++) {
    real += 4;
    ours += 3;
    const printed = Math.round(real / 10) * 10;
    const after = counters(printed, 1_000_000, { off_by: 5 });
    const difference = compare(before, after, metered(3, 0));
    if (!difference) throw new Error("taken for a new beginning");
    shown += difference.compared.engine_prompt_tokens;
    before = difference.counters;
  }
  expect(ours).toBe(300);
  expect(Math.abs(shown - 400)).toBeLessThanOrEqual(10);
});
