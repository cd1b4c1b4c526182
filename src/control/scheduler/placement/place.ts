/** Decides where one replica goes, or says why nowhere. Pure. What it decides is for the caller to `occupy`. */
import type { Demand, Placement, Refused } from "./fleet.ts";
import type { FleetIndex } from "./fleet-index.ts";
import { refusalOf } from "./refusal.ts";
import { bestNow, isBlind, leftBy, type Place, placementOf, searchFor } from "./search.ts";
import { gib } from "./words.ts";

export function place(demand: Demand, fleet: FleetIndex): Placement | Refused {
  const search = searchFor(demand, fleet);
  const best = bestNow(search);
  if (!best) return refusalOf(search, fleet);
  return placementOf(best.place, reasons(best.place, best.hosts, demand));
}

function reasons(place: Place, hosts: number, demand: Demand): string {
  const { host, spare } = place.shelf;
  const unseen = spare && demand.gpu_type === null && isBlind(host, demand);
  const choice = place.offer.kind.cpu ? "the least busy" : "the best fit";
  return [
    `; ${gib(leftBy(place))} stay free there`,
    hosts > 1 ? `, ${choice} of ${hosts} hosts with room` : "",
    unseen ? `, and its ${demand.runtime} sees no GPU` : "",
    host.sources.has(demand.source) ? ", and the weights are on its disk already" : "",
  ].join("");
}
