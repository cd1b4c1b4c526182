/** What of a decision about sleep in place the memory of hosts allows; what it does not becomes a stop or a start. */
import type { Endpoint } from "../endpoints/endpoints.ts";
import type { Decision } from "./dedicated/situation.ts";
import type { Places } from "./places.ts";
import type { FleetHost, ReplicaStatus } from "./world.ts";

/** A replica that is to sleep within so many bytes of its host's memory, or with null to be awake. */
export interface Bedtime {
  id: string;
  asleep_bytes: number | null;
}

export interface Bedded {
  decision: Decision;
  bedtimes: readonly Bedtime[];
}

export function bedded(
  endpoint: Endpoint,
  decision: Decision,
  statuses: readonly ReplicaStatus[],
  places: Pick<Places, "bed" | "rouse">,
): Bedded {
  if (decision.sleep.length + decision.wake_up.length === 0) return { decision, bedtimes: [] };
  const bedtimes: Bedtime[] = [];
  const stop = [...decision.stop];
  let { start } = decision;
  const statusOf = (id: string) => statuses.filter(({ row }) => row.id === id);
  for (const { row } of decision.sleep.flatMap(statusOf)) {
    const asleep_bytes = places.bed(endpoint, row);
    if (asleep_bytes === null) stop.push(row.id);
    else bedtimes.push({ id: row.id, asleep_bytes });
  }
  for (const status of decision.wake_up.flatMap(statusOf)) {
    const { id } = status.row;
    if (places.rouse(status)) {
      bedtimes.push({ id, asleep_bytes: null });
      continue;
    }
    // It begins anew wherever there is room.
    stop.push(id);
    start += 1;
  }
  const isGone = stop.length > decision.stop.length;
  const standing =
    isGone && decision.standing
      ? ({ ...decision.standing, depth: "stopped" } as const)
      : decision.standing;
  return { decision: { ...decision, standing, stop, start }, bedtimes };
}

/** The rung below `l1`: whether the weights are still on a disk of this fleet. */
export function settledDepth(
  decision: Decision,
  { artifact: { source } }: Endpoint,
  hosts: readonly Pick<FleetHost, "observed" | "down_for_ms">[],
): Decision {
  const { standing } = decision;
  if (standing?.status !== "sleeping" || standing.depth === "l1") return decision;
  const depth = /^(?:hf|s3):/.test(source) ? depthOf(source, hosts) : "stopped";
  return depth === null || depth === standing.depth
    ? decision
    : { ...decision, standing: { ...standing, depth } };
}

/** Null while a host that may have them does not say. */
function depthOf(
  source: string,
  hosts: readonly Pick<FleetHost, "observed" | "down_for_ms">[],
): "stopped" | "evicted" | null {
  if (hosts.some(({ observed }) => observed?.sources.includes(source))) return "stopped";
  const all = hosts.every(({ observed, down_for_ms }) => observed !== null && down_for_ms === 0);
  return all ? "evicted" : null;
}
