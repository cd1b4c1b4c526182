/** Why a demand finds no place, and the nearest thing that would fit, as sentences. Pure. */

import type { Demand, Host, Refused } from "./fleet.ts";
import type { FleetIndex, Kind, Shelf, Slot } from "./fleet-index.ts";
import { freeFor } from "./fleet-index.ts";
import {
  bestIn,
  type Case,
  isBlind,
  isMeant,
  isOpen,
  type Offer,
  placementOf,
  placesFor,
  type Search,
} from "./search.ts";
import { cards, gib, labelWords, tokens } from "./words.ts";

/** When what is stopping has gone, and what is starting has started. */
const soon: Case = {
  open: true,
  room: (slot, bytes) => freeFor(bytes, slot) + slot.leaving_bytes >= bytes,
};
const empty: Case = { open: true, room: ({ memory_bytes }, bytes) => memory_bytes >= bytes };

export function refusalOf(search: Search, { hosts, kinds }: FleetIndex): Refused {
  const suiting = kinds.flatMap((kind) => kind.shelves.filter(search.suits));
  if (!suiting.some(({ host }) => isOpen(host))) return noHost(search.demand, hosts);
  return (
    waiting(search) ?? busy(search) ?? closed(search) ?? unseen(search) ?? never(search, kinds)
  );
}

/** It would fit on GPUs, if the runtime there saw them. */
function unseen(search: Search): Refused | null {
  const { demand } = search;
  const suits = ({ host, cpu }: Shelf) => !cpu && isMeant(host, demand) && isBlind(host, demand);
  const best = bestIn({ ...search, suits }, empty);
  if (!best) return null;
  const { shelf, offer } = best.place;
  const isFull = bestIn({ ...search, suits }, soon) === null;
  const { runtime } = demand;
  const one = best.hosts === 1;
  const where = one ? `host ${shelf.host.name}` : `the ${best.hosts} hosts that have them`;
  return {
    refused: "never",
    detail: `It needs ${cards(offer.need.devices, offer.kind)}, and the ${runtime} of ${where} sees no GPU: it is a build without a backend for them.`,
    nearest: `Install a build of ${runtime} for GPUs on ${shelf.host.name}${howTo(runtime)}, or ask for the GPU type \`cpu\`.${isFull ? strangers(shelf) : ""}`,
    awaiting: null,
  };
}

const howTo = (runtime: string): string =>
  runtime === "llama-server"
    ? " (`./install.sh --agent` there gets one, or start the agent with `--llama-server PATH`)"
    : "";

function waiting(search: Search): Refused | null {
  const best = bestIn(search, soon);
  if (!best) return null;
  const { slots, shelf, offer } = best.place;
  const leaves = slots.some(
    (slot) => freeFor(offer.need.bytes_per_device, slot) < offer.need.bytes_per_device,
  );
  const until = leaves ? "what is being stopped there is gone" : "the start on it has ended";
  return {
    refused: "wait",
    detail: `It waits for ${cards(slots.length, offer.kind)} of host ${shelf.host.name}, until ${until}.`,
    nearest: null,
    awaiting: placementOf(best.place, `, when ${until}`),
  };
}

function busy(search: Search): Refused | null {
  let nearest: { offer: Offer; shelf: Shelf; missing: number } | undefined;
  let hosts = 0;
  for (const { offer, shelf } of search.offers.flatMap((one) => placesFor(one, search, empty))) {
    hosts += 1;
    const missing = missingOn(shelf.slots, offer);
    const less = !nearest || missing < nearest.missing;
    const tie = missing === nearest?.missing && shelf.host.id < nearest.shelf.host.id;
    if (less || tie) nearest = { offer, shelf, missing };
  }
  if (!nearest) return null;
  const { offer, shelf, missing } = nearest;
  const where =
    hosts === 1
      ? "the one host that is large enough is"
      : `all ${hosts} hosts that are large enough are`;
  return {
    refused: "busy",
    detail: `${needWords(offer)}, and ${where} in use.`,
    nearest: `It fits on ${cards(offer.need.devices, offer.kind)} of host ${shelf.host.name} if ${gib(missing)} more are freed there.${strangers(shelf)}`,
    awaiting: null,
  };
}

/** Nobody looks for memory in places that no list of ours shows, unless told. */
function strangers({ host, slots }: Shelf): string {
  const bytes = host.devices
    .filter((device) => slots.some(({ id }) => id === device.id))
    .reduce((sum, { foreign_bytes }) => sum + foreign_bytes, 0);
  return bytes === 0 ? "" : ` Programs that Hypervize did not start hold ${gib(bytes)} of it.`;
}

/** Bytes that must be freed on the devices that lack least. */
function missingOn(slots: readonly Slot[], { need }: Offer): number {
  return slots
    .filter((slot) => empty.room(slot, need.bytes_per_device))
    .map((slot) =>
      Math.max(
        0,
        need.bytes_per_device - freeFor(need.bytes_per_device, slot) - slot.leaving_bytes,
      ),
    )
    .sort((a, b) => a - b)
    .slice(0, need.devices)
    .reduce((sum, bytes) => sum + bytes, 0);
}

function closed(search: Search): Refused | null {
  const best = bestIn(search, { ...empty, open: false });
  if (!best) return null;
  const { shelf, offer } = best.place;
  return {
    refused: "no_host",
    detail: `${needWords(offer)}, and no host that is up is large enough.`,
    nearest: `Host ${shelf.host.name} would fit, but it is ${closedWords(shelf.host)}.`,
    awaiting: null,
  };
}

function closedWords({ cordoned, down_for_ms }: Host): string {
  if (cordoned) return "cordoned";
  return down_for_ms > 0 ? "down" : "without a device";
}

const needWords = ({ kind, need }: Offer): string =>
  kind.cpu
    ? `It needs ${gib(need.bytes_per_device)} of a host's memory`
    : `It needs ${cards(need.devices, kind)} in one host with ${gib(need.bytes_per_device)} free${need.devices === 1 ? "" : " on each"}`;

function never(search: Search, kinds: readonly Kind[]): Refused {
  const { demand } = search;
  const answers = [
    ...search.offers.map((offer) => ({ kind: offer.kind, why: tooSmall(offer, search) })),
    ...search.misfits,
  ].filter(({ kind }) => kind.shelves.some(search.suits));
  const [most] = answers.sort((a, b) => sizeOf(b.kind, search) - sizeOf(a.kind, search));
  const refused = { refused: "never", awaiting: null } as const;
  if (most) return { ...refused, detail: most.why, nearest: shorter(most.kind, search) };
  const there = kinds.filter(({ cpu, shelves }) => !cpu && shelves.some(search.suits));
  const names = [...new Set(there.map(({ name }) => name))].join(", ");
  return {
    ...refused,
    detail: `No host with ${demand.runtime}${labelled(demand)} has a GPU of the type ${demand.gpu_type}.`,
    nearest: names === "" ? null : `Available: ${names}.`,
  };
}

function tooSmall(offer: Offer, search: Search): string {
  const { need, kind } = offer;
  const { device } = kind;
  if (device.memory_bytes < need.bytes_per_device) {
    return `${needWords(offer)}, and the largest has ${gib(device.memory_bytes)}.`;
  }
  return `It needs ${need.devices} GPUs of the type ${kind.name} in one host, and the largest host has ${mostOn(kind, search)}.`;
}

function shorter(kind: Kind, { demand, suits }: Search): string | null {
  const devices = mostOn(kind, { suits });
  const context = demand.longestContextOn(kind.device, devices);
  if (context === 0) return null;
  return `A context of up to ${tokens(context)} would fit on ${cards(devices, kind)}.`;
}

const mostOn = ({ shelves }: Kind, { suits }: Pick<Search, "suits">): number =>
  Math.max(...shelves.filter(suits).map(({ slots }) => slots.length));

const sizeOf = (kind: Kind, search: Search): number =>
  mostOn(kind, search) * kind.device.memory_bytes;

function noHost(demand: Demand, hosts: readonly Host[]): Refused {
  const wanted = Object.entries(demand.labels);
  const lacks = ({ labels }: Host) => wanted.filter(([name, value]) => labels[name] !== value);
  const able = hosts.filter(({ runtimes }) => runtimes.includes(demand.runtime));
  const [nearest] = able.toSorted(
    (a, b) => lacks(a).length - lacks(b).length || (a.id < b.id ? -1 : 1),
  );
  const refused = { refused: "no_host", awaiting: null } as const;
  if (!nearest) {
    const detail = `No host has ${demand.runtime}. Install it on one, or join one that has it on the Hosts page.`;
    return { ...refused, detail, nearest: null };
  }
  const lacking = lacks(nearest);
  const detail = `No host that is up and not cordoned has ${demand.runtime}${labelled(demand)}.`;
  const words = lacking.length > 0 ? `lacks ${labelWords(lacking)}` : `is ${closedWords(nearest)}`;
  return {
    ...refused,
    detail,
    nearest: `Host ${nearest.name} has ${demand.runtime}, but ${words}.`,
  };
}

const labelled = ({ labels }: Demand): string => {
  const words = labelWords(Object.entries(labels));
  return words === "" ? "" : ` and the labels ${words}`;
};
