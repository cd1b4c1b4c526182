/** What would happen to a demand now, for a person who only asks. Pure. Nothing is taken. */
import type { Evictable } from "./eviction.ts";
import type { Demand, Placement, Refused } from "./fleet.ts";
import type { FleetIndex } from "./fleet-index.ts";
import { makeRoom, whyNoRoom } from "./make-room.ts";
import { place } from "./place.ts";

export interface DryRun {
  /** Also where it goes when what it waits for is gone. */
  placement: (Omit<Placement, "bytes_per_device"> & { host_name: string }) | null;
  /** Null where it would start now, or as soon as `would_stop` has stopped. */
  refused: Omit<Refused, "awaiting"> | null;
  /** Replicas of the shared models that would be put to sleep for it. */
  would_stop: readonly { model: string; host_name: string }[];
}

export function dryRun(
  demand: Demand,
  fleet: FleetIndex,
  evictable: readonly Evictable[],
  now: number,
): DryRun {
  const names = new Map(fleet.hosts.map(({ id, name }) => [id, name]));
  const nameOf = (id: string): string => names.get(id) ?? id;
  const shown = ({ host_id, devices, why }: Placement): DryRun["placement"] => ({
    host_id,
    host_name: nameOf(host_id),
    devices,
    why,
  });
  const placed = place(demand, fleet);
  if (!("refused" in placed)) return { placement: shown(placed), refused: null, would_stop: [] };
  const { awaiting, ...refused } = placed;
  if (refused.refused !== "busy") {
    return { placement: awaiting && shown(awaiting), refused, would_stop: [] };
  }
  const room = makeRoom(demand, fleet, evictable, now);
  if (!room) {
    const kept = whyNoRoom(demand, fleet, evictable, now);
    const nearest = [kept, refused.nearest].filter((words) => words !== null).join(" ");
    return { placement: null, refused: { ...refused, nearest }, would_stop: [] };
  }
  return {
    placement: shown(room.placement_after),
    refused: null,
    would_stop: room.evict.map(({ model, host_id }) => ({ model, host_name: nameOf(host_id) })),
  };
}
