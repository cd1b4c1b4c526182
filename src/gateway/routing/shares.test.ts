import { expect, test } from "bun:test";
import { seedOf } from "./selection.ts";
import { shareAt, shareOf } from "./shares.ts";

const share = (name: string, weight: number) => ({ name, weight, seed: seedOf(name) });
const three = [share("a", 5), share("b", 20), share("c", 75)];
const keys = Array.from({ length: 50_000 }, (_, index) => `user ${index}`);

/** The same numbers in every run. */
function dice(seed: number): () => number {
  let state = seed;
  return () => {
    state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0;
    return state / 2 ** 32;
  };
}

function portions(names: readonly (string | undefined)[]): Record<string, number> {
  const counts = Map.groupBy(names, (name) => name ?? "nobody");
  return Object.fromEntries([...counts].map(([name, all]) => [name, all.length / names.length]));
}

function expectWeights(names: readonly (string | undefined)[]): void {
  const found = portions(names);
  for (const { name, weight } of three) {
    expect(Math.abs((found[name] ?? 0) - weight / 100)).toBeLessThan(0.02);
  }
}

test.each([1, 2, 3])("by dice %i everybody gets a share of the size of the weight", (seed) => {
  const roll = dice(seed);
  expectWeights(keys.map(() => shareAt(three, roll())?.name));
});

test("by key everybody gets a share of the size of the weight", () => {
  expectWeights(keys.map((key) => shareOf(three, key)?.name));
});

test("the same key has the same share, in whatever order they stand", () => {
  for (const key of keys.slice(0, 1_000)) {
    expect(shareOf(three.toReversed(), key)).toBe(shareOf(three, key));
  }
});

test("a canary that grows takes keys over, and no other key moves", () => {
  const grown = [share("a", 10), share("b", 20), share("c", 75)];
  const moved = keys.filter((key) => shareOf(grown, key)?.name !== shareOf(three, key)?.name);
  expect(moved.every((key) => shareOf(grown, key)?.name === "a")).toBe(true);
  expect(moved.length / keys.length).toBeCloseTo(10 / 105 - 5 / 100, 2);
});

test("the ends of the dice are shares too, and of no shares none is chosen", () => {
  const ends = [0, 0.049, 0.051, 0.9999999999999999, 1];
  expect(ends.map((at) => shareAt(three, at)?.name)).toEqual(["a", "a", "b", "c", "c"]);
  expect([shareAt([], 0.5), shareOf([], "x")]).toEqual([null, null]);
});
