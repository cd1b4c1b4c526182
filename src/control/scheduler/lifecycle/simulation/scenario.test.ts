import { expect, test } from "bun:test";
import { play } from "./scenario.ts";

/** 10,000 seeds take a quarter of an hour: `npm run simulate -- --seeds 10000`. */
const budget_ms = Number(process.env["HYPERVIZE_SIMULATION_MS"] ?? 15_000);

test(
  "every story of 24 hours keeps the invariants",
  () => {
    const ends_at = performance.now() + budget_ms;
    const bad: string[] = [];
    let transitions = 0;
    let in_place = 0;
    let seed = 0;
    while (performance.now() < ends_at && bad.length === 0) {
      const outcome = play(++seed);
      transitions += outcome.transitions;
      in_place += outcome.wakes.filter((depth) => depth === "l1").length;
      if (outcome.violations.length > 0) {
        bad.push(`npm run simulate -- --seed ${seed}`, ...outcome.violations);
      }
    }
    expect(bad).toEqual([]);
    // A story in which nothing happens proves nothing.
    expect(transitions).toBeGreaterThan(seed * 20);
    expect(in_place).toBeGreaterThan(seed);
  },
  budget_ms * 2 + 30_000,
);

test("a seed tells the same story twice", () => {
  expect(play(7, 6)).toEqual(play(7, 6));
  expect(play(8, 6).transitions).not.toBe(play(7, 6).transitions);
});
