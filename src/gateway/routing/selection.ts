/** Which replica a request should go to, of those that could take it. Pure. */
import { type Breaker, isTrusted } from "./breaker.ts";
import type { Homes } from "./homes.ts";

export interface Candidate {
  readonly replica: { readonly id: string; readonly overflow?: boolean };
  readonly load: Load;
}

/** What a replica is doing. */
export interface Load {
  slots: number;
  inflight: number;
  breaker: Breaker;
  /** A number of its own: `seedOf` its id. */
  readonly seed: number;
  /** What it has in its cache; without it nothing is known of that. */
  readonly homes?: Pick<Homes, "size" | "turnOf">;
}

/** What kind of choice a candidate is; a lower one is always preferred. */
const rank = { free: 0, overflow: 1, full: 2, distrusted: 3, never: 4 } as const;
type Rank = (typeof rank)[keyof typeof rank];

/** How much more than its share a replica may have for the sake of its cache (arXiv:1608.01350, ε = 0.25). */
const load_factor = 1.25;
/**
 * What it may have in any case: a cache that is there is worth more than an even load, while the load is small.
 * Half of its slots, and where they are many, so many more than its share.
 */
const small_share = 0.5;
const small_more = 8;

/**
 * The best of CANDIDATES that is not in EXCEPT; null when there is none. Own replicas with a free slot come
 * first, then overflow ones with a free slot, then own ones that are full: their runtimes queue. With none to
 * be trusted it is the one whose failure is the longest ago, for an appliance with one replica must not
 * refuse by itself. Never is an overflow replica given more than its slots, also by one request for PLACES.
 *
 * AFFINITY is asked only where there is a choice. Without it the least loaded is taken, among equals the
 * first from position TURN on, so that a caller who counts TURN up spreads requests evenly.
 */
export function select<C extends Candidate>(
  candidates: readonly C[],
  except: ReadonlySet<string>,
  affinity: (() => number) | undefined,
  turn: number,
  now: number,
  places = 1,
): C | null {
  let best: Rank = rank.never;
  let count = 0;
  let inflight = 0;
  let slots = 0;
  let latest: C | null = null;
  for (const candidate of candidates) {
    const its = rankOf(candidate, except, now, places);
    if (its === rank.never || its > best) continue;
    if (its < best) {
      best = its;
      count = inflight = slots = 0;
    }
    count++;
    inflight += candidate.load.inflight;
    slots += candidate.load.slots;
    latest = candidate;
  }
  if (count < 2) return latest;
  const isOne = (candidate: C): boolean => rankOf(candidate, except, now, places) === best;
  if (best === rank.distrusted) return first(candidates, isOne, failedEarlier, turn);
  if (best === rank.full || !affinity) return first(candidates, isOne, isLessLoaded, turn);
  return preferred(candidates, isOne, affinity(), (inflight + 1) / slots);
}

function rankOf(
  { replica, load }: Candidate,
  except: ReadonlySet<string>,
  now: number,
  places: number,
): Rank {
  if (except.size > 0 && except.has(replica.id)) return rank.never;
  const hasRoom = load.inflight < load.slots;
  // What is more than all of its slots gets it when it is free.
  const isWithin = load.inflight + Math.min(places, load.slots) <= load.slots;
  if (replica.overflow && !isWithin) return rank.never;
  if (!isTrusted(load.breaker, now)) return rank.distrusted;
  if (replica.overflow) return rank.overflow;
  return hasRoom ? rank.free : rank.full;
}

/**
 * Among those that are within their bounds, the one that answered this AFFINITY last; else the one with the fewest
 * conversations for its slots, for hashes alone give one replica of four nearly half as many again as its share.
 * Among equals rendezvous hashing decides, so that one that goes leaves the others' order as it was. One is always
 * within: the bounds sum up to more than is in flight. MEAN: requests in flight per slot, with this one.
 */
function preferred<C extends Candidate>(
  candidates: readonly C[],
  isOne: (candidate: C) => boolean,
  affinity: number,
  mean: number,
): C | null {
  let best: C | null = null;
  let latest = -1;
  let fewest = Number.POSITIVE_INFINITY;
  let highest = -1;
  for (const candidate of candidates) {
    const { inflight, slots, seed, homes } = candidate.load;
    if (inflight >= boundOf(mean * slots, slots) || !isOne(candidate)) continue;
    const turn = homes ? homes.turnOf(affinity) : -1;
    const crowd = homes ? homes.size / slots : 0;
    const score = mixed(affinity ^ seed);
    if ((latest - turn || crowd - fewest || highest - score) >= 0) continue;
    latest = turn;
    fewest = crowd;
    highest = score;
    best = candidate;
  }
  return best;
}

/** How many requests a replica may have, when SHARE of them are its due. */
function boundOf(share: number, slots: number): number {
  const small = Math.min(slots * small_share, share + small_more);
  return Math.ceil(Math.max(load_factor * share, small));
}

/** The first by ISBETTER, among equals the first one from position TURN on. */
function first<C extends Candidate>(
  candidates: readonly C[],
  isOne: (candidate: C) => boolean,
  isBetter: (a: C, b: C) => boolean,
  turn: number,
): C | null {
  let best: C | null = null;
  for (let step = 0; step < candidates.length; step++) {
    const candidate = candidates[(turn + step) % candidates.length];
    if (!candidate || !isOne(candidate)) continue;
    if (best === null || isBetter(candidate, best)) best = candidate;
  }
  return best;
}

/** a.inflight / a.slots < b.inflight / b.slots, without dividing. */
const isLessLoaded = ({ load: a }: Candidate, { load: b }: Candidate): boolean =>
  a.inflight * b.slots < b.inflight * a.slots;

const failedEarlier = ({ load: a }: Candidate, { load: b }: Candidate): boolean =>
  failedAt(a.breaker) < failedAt(b.breaker);

const failedAt = (breaker: Breaker): number => (breaker.is === "closed" ? 0 : breaker.failed_at);

export const seedOf = (id: string): number => Bun.hash.xxHash32(id);

/** Every bit of the result hangs on every bit of NUMBER: the end of MurmurHash3. */
function mixed(number: number): number {
  let hash = Math.imul(number ^ (number >>> 16), 0x85ebca6b);
  hash = Math.imul(hash ^ (hash >>> 13), 0xc2b2ae35);
  return (hash ^ (hash >>> 16)) >>> 0;
}
