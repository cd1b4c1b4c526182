export interface Load {
  slots: number;
  inflight: number;
}

/**
 * The candidate with the fewest requests in flight per slot; null when there is none. Among equals it
 * is the first one from position TURN on, so that a caller who counts TURN up spreads them evenly.
 */
export function leastLoaded<Candidate extends Load>(
  candidates: readonly Candidate[],
  turn: number,
): Candidate | null {
  let best: Candidate | null = null;
  for (let step = 0; step < candidates.length; step++) {
    const candidate = candidates[(turn + step) % candidates.length];
    if (candidate && (best === null || isLess(candidate, best))) best = candidate;
  }
  return best;
}

/** a.inflight / a.slots < b.inflight / b.slots, without dividing. */
const isLess = (a: Load, b: Load): boolean => a.inflight * b.slots < b.inflight * a.slots;
