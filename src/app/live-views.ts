/** What people and routing see of endpoints: their rows joined with what runs and who asks. */

import type { Hosts } from "../control/fleet/hosts.ts";
import type { Endpoint } from "../control/models/endpoints/endpoint.ts";
import type { Endpoints } from "../control/models/endpoints/endpoints.ts";
import type { EndpointLive } from "../control/models/endpoints/view.ts";
import {
  type ReachOf,
  readyByOwner,
  routedReplicas,
} from "../control/scheduler/lifecycle/published.ts";
import { phaseOf, progressOf, wantedOf } from "../control/scheduler/lifecycle/start-progress.ts";
import type { ReplicaStatus } from "../control/scheduler/lifecycle/world.ts";
import type { Routing } from "../gateway/routing/routing.ts";
import type { RoutedModel } from "../gateway/routing/snapshot.ts";

export interface LiveParts {
  hosts: Pick<Hosts, "list">;
  routing: Pick<Routing, "demand" | "inflight">;
  statuses(): readonly ReplicaStatus[];
}

export function liveOf(endpoint: Endpoint, { hosts, routing, statuses }: LiveParts): EndpointLive {
  const mine = wantedOf(statuses().filter(({ row }) => row.owner_id === endpoint.id));
  const names = new Map(hosts.list().map(({ id, name }) => [id, name]));
  return {
    ...routing.demand(endpoint.id),
    phase: phaseOf(endpoint, mine),
    progress: progressOf(mine),
    replicas: mine.map(({ row, state, observed }) => ({
      id: row.id,
      host_id: row.host_id,
      host_name: names.get(row.host_id) ?? row.host_id,
      devices: row.devices,
      state,
      phase: observed?.phase ?? "",
      detail: observed?.detail ?? "",
      restarts: observed?.restarts ?? 0,
      inflight: routing.inflight(row.id),
      started_at_ms: observed?.started_at_ms ?? 0,
      ready_after_ms: observed?.ready_after_ms ?? 0,
    })),
  };
}

export function routedEndpoints(
  endpoints: Pick<Endpoints, "list" | "wakeTimes">,
  statuses: readonly ReplicaStatus[],
  reach: ReachOf,
): RoutedModel[] {
  const ready = readyByOwner(statuses);
  const byOwner = Map.groupBy(statuses, ({ row }) => row.owner_id);
  return endpoints.list().map((endpoint) => {
    const { id, name, created_at, standing, spec, user_id } = endpoint;
    return {
      id,
      name,
      created_at,
      ready: routedReplicas(ready.get(id), reach),
      reason: reasonOf(endpoint, byOwner.get(id) ?? []),
      endpoint: {
        owner: user_id,
        visibility: spec.visibility,
        standing: standing.intent === "delete" ? "deleting" : standing.status,
        unschedulable: standing.unschedulable ?? false,
        cold_start: spec.cold_start,
        wake_p95_ms: endpoints.wakeTimes(id)?.p95_ms ?? null,
        cause: standing.cause,
      },
    };
  });
}

/** A sentence for a client that found no ready replica; null when there is nothing to add. */
function reasonOf(endpoint: Endpoint, mine: readonly ReplicaStatus[]): string | null {
  const { status, detail } = endpoint.standing;
  if (detail !== "") return detail;
  return status === "building" ? `It is ${phaseOf(endpoint, mine) ?? "placing"}.` : null;
}
