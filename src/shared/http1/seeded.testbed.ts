/** For tests: choices that are the same on every run with the same seed. */
export interface Dice {
  /** A whole number from 0 up to but without BELOW. */
  below(below: number): number;
  /** True in one of N throws. */
  one(n: number): boolean;
  pick<T>(of: readonly [T, ...T[]]): T;
}

/** Park and Miller's generator. SEED: a positive whole number. */
export function dice(seed: number): Dice {
  // Neighbouring seeds begin alike, and the first numbers would give the same case again and again.
  let state = ((seed * 2_654_435_761) % 2_147_483_646) + 1;
  const below = (limit: number): number => {
    state = (state * 48_271) % 2_147_483_647;
    return Math.floor((state / 2_147_483_647) * limit);
  };
  return {
    below,
    one: (n) => below(n) === 0,
    pick: (of) => of[below(of.length)] ?? of[0],
  };
}
