/** Who gets a request of several that share them by weight. Pure. */

export interface Share {
  readonly weight: number;
  /** A number of its own. */
  readonly seed: number;
}

/** AT, from 0 up to 1, is the place in the sum of the weights. Null without shares. */
export function shareAt<S extends Share>(shares: readonly S[], at: number): S | null {
  let sum = 0;
  for (const { weight } of shares) sum += weight;
  let left = at * sum;
  for (const share of shares) {
    left -= share.weight;
    if (left < 0) return share;
  }
  return shares.at(-1) ?? null;
}

/**
 * Always the same for equal KEYS, and over many keys in proportion to the weights: weighted rendezvous
 * hashing (Resch, Axboe). A weight that changes moves only as many keys as it must.
 */
export function shareOf<S extends Share>(shares: readonly S[], key: string): S | null {
  let best: S | null = null;
  let highest = 0;
  for (const share of shares) {
    const chance = (Bun.hash.xxHash32(key, share.seed) + 0.5) / 2 ** 32;
    const score = -share.weight / Math.log(chance);
    if (score <= highest) continue;
    highest = score;
    best = share;
  }
  return best;
}
