/**
 * Which idle replicas of the shared models must stop so that a demand fits. Never one that is busy, and
 * never one that has only just become ready, or two models that want the same GPU would only load each
 * other away. Pure. The caller stops them, and `occupy`s the place for the demand in this pass.
 */
import { type Evictable, type Eviction, isMilder, mildestOn } from "./eviction.ts";
import type { Demand, Placement } from "./fleet.ts";
import type { FleetIndex } from "./fleet-index.ts";
import {
  isBetter,
  isOpen,
  type Offer,
  type Place,
  placementOf,
  type Search,
  searchFor,
} from "./search.ts";

export interface Room {
  /** Where the demand goes when they are gone. */
  placement_after: Placement;
  evict: readonly Evictable[];
  /** One sentence. */
  why: string;
}

/** A replica that has been ready for less is left alone. */
const settle_ms = 60_000;

/** For a demand that is refused as busy. Null where nothing that may be stopped would help; `whyNoRoom` says what may not. */
export function makeRoom(
  demand: Demand,
  fleet: FleetIndex,
  evictable: readonly Evictable[],
  now: number,
): Room | null {
  const idle = evictable.filter((replica) => !replica.busy && isSettled(replica, now));
  const best = mildest(searchFor(demand, fleet), idle);
  return best && roomOf(best, now);
}

/** Why replicas that could make room are left alone, as a sentence; null when there are none such. */
export function whyNoRoom(
  demand: Demand,
  fleet: FleetIndex,
  evictable: readonly Evictable[],
  now: number,
): string | null {
  const best = mildest(searchFor(demand, fleet), evictable);
  if (!best) return null;
  const { evict, place } = best;
  const [busy] = evict.filter((replica) => replica.busy);
  const where = `on host ${place.shelf.host.name}`;
  if (busy) return `${busy.model} ${where} could make room, but it is answering requests.`;
  const [young] = evict.filter((replica) => !isSettled(replica, now));
  if (!young) return null;
  const left_s = Math.ceil((young.ready_since + settle_ms - now) / 1000);
  return `${young.model} ${where} could make room, but it became ready only just now. It stays for ${left_s} s more, so that two models do not evict each other in turn.`;
}

const isSettled = ({ ready_since }: Evictable, now: number): boolean =>
  now - ready_since >= settle_ms;

interface Best extends Eviction {
  place: Place;
}

function mildest(search: Search, candidates: readonly Evictable[]): Best | null {
  const byHost = Map.groupBy(
    candidates.toSorted(
      (a, b) => a.last_used_at - b.last_used_at || (a.replica_id < b.replica_id ? -1 : 1),
    ),
    ({ host_id }) => host_id,
  );
  let best: Best | null = null;
  for (const offer of search.offers) {
    for (const found of evictionsFor(offer, search, byHost)) {
      if (!best || isPreferred(found, best, search.demand)) best = found;
    }
  }
  return best;
}

const isPreferred = (found: Best, best: Best, demand: Demand): boolean =>
  isMilder(found, best) || (!isMilder(best, found) && isBetter(found.place, best.place, demand));

function* evictionsFor(
  offer: Offer,
  search: Search,
  byHost: ReadonlyMap<string, readonly Evictable[]>,
): Generator<Best> {
  for (const shelf of offer.kind.shelves) {
    const candidates = byHost.get(shelf.host.id);
    if (!candidates || !isOpen(shelf.host) || !search.suits(shelf)) continue;
    const eviction = mildestOn(shelf.slots, offer.need, candidates);
    if (eviction) yield { ...eviction, place: { shelf, offer, slots: eviction.slots } };
  }
}

function roomOf({ evict, place }: Best, now: number): Room {
  const names = [...new Set(evict.map(({ model }) => model))].join(", ");
  const latest = Math.max(...evict.map(({ last_used_at }) => last_used_at));
  const since = latest > 0 ? `unused for ${age(now - latest)}` : "not used yet";
  const why = `${names} on host ${place.shelf.host.name} stops to make room: ${since}.`;
  return {
    placement_after: placementOf(place, ` as soon as ${names} has stopped there`),
    evict,
    why,
  };
}

const age = (ms: number): string =>
  ms < 120_000 ? `${Math.round(ms / 1000)} s` : `${Math.round(ms / 60_000)} min`;
