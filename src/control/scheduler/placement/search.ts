/** Where one demand could go: the kinds it runs on, the hosts that suit it, and which of them is best. Pure. */
import type { Demand, Host, Need, Placement } from "./fleet.ts";
import { type FleetIndex, freeFor, type Kind, type Shelf, type Slot } from "./fleet-index.ts";
import { isOfType } from "./kinds.ts";
import { cards, gib } from "./words.ts";

/** A kind of the asked type on which it can run. */
export interface Offer {
  kind: Kind;
  need: Need;
}

export interface Search {
  demand: Demand;
  /** The cheapest first. */
  offers: readonly Offer[];
  /** Kinds of the asked type on which it cannot run at all. */
  misfits: readonly { kind: Kind; why: string }[];
  /** Has the runtime and the labels, and processors only where they may be used. */
  suits(shelf: Shelf): boolean;
}

export interface Place {
  shelf: Shelf;
  offer: Offer;
  slots: readonly Slot[];
}

/** In which case a place is looked for. */
export interface Case {
  /** Hosts that may take replicas, or those that are down or cordoned. */
  open: boolean;
  /** Whether a slot has BYTES of room then. */
  room(slot: Slot, bytes: number): boolean;
  /** False when the slots cannot fit it for certain. True says nothing. */
  worth?(shelf: Shelf, bytes: number): boolean;
}

/** Enough is free already, and no other replica is loading there. */
const now: Case = {
  open: true,
  room: (slot, bytes) => freeFor(bytes, slot) >= bytes && !slot.starting,
  worth: ({ roomiest_bytes }, bytes) => roomiest_bytes >= bytes,
};

export function searchFor(demand: Demand, { kinds }: FleetIndex): Search {
  const { gpu_type } = demand;
  const offers: Offer[] = [];
  const misfits: { kind: Kind; why: string }[] = [];
  for (const kind of kinds) {
    if (gpu_type !== null && !isOfType(kind.device.kind, gpu_type)) continue;
    const answer = demand.needOn(kind.device);
    if ("unfit" in answer) misfits.push({ kind, why: answer.unfit });
    else offers.push({ kind, need: answer });
  }
  const suits = (shelf: Shelf): boolean => isWelcome(shelf, demand) && isMeant(shelf.host, demand);
  return { demand, offers: offers.sort(byCost), misfits, suits };
}

/** It has the runtime and the labels. */
export const isMeant = ({ runtimes, labels }: Host, demand: Demand): boolean =>
  runtimes.includes(demand.runtime) &&
  Object.entries(demand.labels).every(([name, value]) => labels[name] === value);

/** The runtime there has said that it sees no GPU. */
export const isBlind = ({ blind }: Host, { runtime }: Demand): boolean =>
  blind?.includes(runtime) ?? false;

/** GPUs only for a runtime that sees them; processors beside GPUs for whoever asks, or can use nothing else. */
const isWelcome = ({ host, cpu, spare }: Shelf, demand: Demand): boolean =>
  isBlind(host, demand) ? cpu : !spare || demand.gpu_type !== null;

export const isOpen = ({ cordoned, down_for_ms }: Host): boolean => !cordoned && down_for_ms === 0;

/** The tightest devices of every host that has room in that case. */
export function placesFor(offer: Offer, search: Search, { open, room, worth }: Case): Place[] {
  const places: Place[] = [];
  const { bytes_per_device } = offer.need;
  for (const shelf of offer.kind.shelves) {
    if (worth && !worth(shelf, bytes_per_device)) continue;
    if (isOpen(shelf.host) !== open || !search.suits(shelf)) continue;
    const slots = tightest(shelf, offer.need, room);
    if (slots) places.push({ shelf, offer, slots });
  }
  return places;
}

/** The best of all places in that case, and how many hosts are as cheap; null where there is none. */
export function bestIn(search: Search, when: Case): { place: Place; hosts: number } | null {
  let best: Place | undefined;
  let hosts = 0;
  for (const offer of search.offers) {
    if (best && byCost(best.offer, offer) < 0) break;
    const places = placesFor(offer, search, when);
    hosts += places.length;
    for (const place of places) {
      if (!best || isBetter(place, best, search.demand)) best = place;
    }
  }
  return best ? { place: best, hosts } : null;
}

export const bestNow = (search: Search) => bestIn(search, now);

function tightest(shelf: Shelf, need: Need, room: Case["room"]): Slot[] | undefined {
  const slots: Slot[] = [];
  for (const slot of shelf.slots) {
    if (room(slot, need.bytes_per_device)) slots.push(slot);
    if (slots.length === need.devices) return slots;
  }
  return undefined;
}

/**
 * GPUs before processors, and the fewest bytes taken: who needs all of a GPU leaves nothing over on any,
 * but a small model should not get the largest card.
 */
function byCost(a: Offer, b: Offer): number {
  if (a.kind.cpu !== b.kind.cpu) return a.kind.cpu ? 1 : -1;
  return takenBy(a) - takenBy(b);
}

const takenBy = ({ need }: Offer): number => need.devices * need.bytes_per_device;

/**
 * Best fit, then weights on the disk, then spread; equal ones by id, so that the same fleet always gets
 * the same answer. Of processors memory is seldom what is scarce, so there spread comes first: two
 * replicas of one model on the same cores are no faster than one.
 */
export function isBetter(place: Place, than: Place, demand: Demand): boolean {
  const order =
    byCost(place.offer, than.offer) ||
    (place.offer.kind.cpu
      ? bySpread(place, than, demand) || byLocality(place, than, demand)
      : leftBy(place) - leftBy(than) ||
        byLocality(place, than, demand) ||
        bySpread(place, than, demand));
  return order < 0 || (order === 0 && place.shelf.host.id < than.shelf.host.id);
}

/** Bytes that stay free on the devices. */
export function leftBy({ slots, offer }: Place): number {
  let left = -takenBy(offer);
  for (const { free_bytes } of slots) left += free_bytes;
  return left;
}

const byLocality = (a: Place, b: Place, { source }: Demand): number =>
  Number(b.shelf.host.sources.has(source)) - Number(a.shelf.host.sources.has(source));

const bySpread = (a: Place, b: Place, { beside }: Demand): number =>
  Number(beside.has(a.shelf.host.id)) - Number(beside.has(b.shelf.host.id)) ||
  a.shelf.used_ratio - b.shelf.used_ratio;

/** WHY completes the sentence that begins with the devices and their host. */
export function placementOf({ shelf, offer, slots }: Place, why: string): Placement {
  const { devices, bytes_per_device, guessed } = offer.need;
  const each = devices === 1 ? "" : " on each";
  const doubt = guessed ? ", although the size of the model is unknown" : "";
  return {
    host_id: shelf.host.id,
    devices: slots.map(({ id }) => id),
    bytes_per_device,
    why: `It gets ${cards(devices, offer.kind)} of host ${shelf.host.name} with ${gib(bytes_per_device)} reserved${each}${doubt}${why}.`,
  };
}
