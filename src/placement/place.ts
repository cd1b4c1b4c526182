/** Decides where one replica goes, or says why nowhere. Pure; what it decides is for the caller to `occupy`. */
import type { Demand, Placement, Refused } from "./fleet.ts";
import type { FleetIndex } from "./fleet-index.ts";
import { refusalOf } from "./refusal.ts";
import { bestNow, leftBy, type Place, placementOf, searchFor } from "./search.ts";
import { gib } from "./words.ts";

export function place(demand: Demand, fleet: FleetIndex): Placement | Refused {
  const search = searchFor(demand, fleet);
  const best = bestNow(search);
  if (!best) return refusalOf(search, fleet);
  return placementOf(best.place, reasons(best.place, best.hosts, demand));
}

function reasons(place: Place, hosts: number, { source }: Demand): string {
  const choice = place.offer.kind.cpu ? "the least busy" : "the best fit";
  return [
    `; ${gib(leftBy(place))} stay free there`,
    hosts > 1 ? `, ${choice} of ${hosts} hosts with room` : "",
    place.shelf.host.sources.has(source) ? ", and the weights are on its disk already" : "",
  ].join("");
}
