import { expect, test } from "bun:test";
import { leastLoaded } from "./least-load.ts";

const load = (id: string, inflight: number, slots = 1) => ({ id, inflight, slots });

test("the fewest requests per slot win, not the fewest requests", () => {
  expect(leastLoaded([load("a", 2, 1), load("b", 3, 4)], 0)?.id).toBe("b");
});

test("a tie goes round by turn", () => {
  const candidates = [load("a", 1), load("b", 1), load("c", 1)];
  expect([0, 1, 2, 3].map((turn) => leastLoaded(candidates, turn)?.id)).toEqual([
    "a",
    "b",
    "c",
    "a",
  ]);
});

test("a tie between replicas of different size is a tie", () => {
  const candidates = [load("a", 2, 4), load("b", 1, 2)];
  expect(leastLoaded(candidates, 0)?.id).toBe("a");
  expect(leastLoaded(candidates, 1)?.id).toBe("b");
});

test("nobody is chosen from nobody", () => {
  expect(leastLoaded([], 7)).toBeNull();
});
