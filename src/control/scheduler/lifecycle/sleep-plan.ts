/** Which replicas sleep in place, where there is room for it, and how deep an endpoint sleeps then. Pure. */
import type { Endpoint } from "../../models/endpoints/endpoint.ts";
import type { Decision } from "./dedicated/situation.ts";
import type { PlacementPlan } from "./placement-plan.ts";
import type { FleetHost, ReplicaStatus } from "./world.ts";

/** A replica that is to sleep within so many bytes of its host's memory, or with null to be awake. */
export interface SleepIntent {
  id: string;
  asleep_bytes: number | null;
}

export interface SleepPlan {
  decision: Decision;
  sleep_intents: readonly SleepIntent[];
}

export function planSleep(
  endpoint: Endpoint,
  decision: Decision,
  statuses: readonly ReplicaStatus[],
  places: Pick<PlacementPlan, "reserveHostMemory" | "reclaimDevices">,
): SleepPlan {
  if (decision.sleep.length + decision.wake_up.length === 0) return { decision, sleep_intents: [] };
  const sleep_intents: SleepIntent[] = [];
  const stop = [...decision.stop];
  let { start } = decision;
  const statusOf = (id: string) => statuses.filter(({ row }) => row.id === id);
  for (const { row } of decision.sleep.flatMap(statusOf)) {
    const asleep_bytes = places.reserveHostMemory(endpoint, row);
    if (asleep_bytes === null) stop.push(row.id);
    else sleep_intents.push({ id: row.id, asleep_bytes });
  }
  for (const status of decision.wake_up.flatMap(statusOf)) {
    const { id } = status.row;
    if (places.reclaimDevices(status)) {
      sleep_intents.push({ id, asleep_bytes: null });
      continue;
    }
    // It starts from the disk, wherever there is room.
    stop.push(id);
    start += 1;
  }
  const isGone = stop.length > decision.stop.length;
  const standing =
    isGone && decision.standing
      ? ({ ...decision.standing, depth: "stopped" } as const)
      : decision.standing;
  return { decision: { ...decision, standing, stop, start }, sleep_intents };
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
