/** What routing and people see of models, endpoints and replicas: views over one pass of the loop. Pure. */
import type { Inventory } from "../../../../agent/contract/protocol/messages.ts";
import { relayName } from "../../../../agent/contract/protocol/relay-name.ts";
import type { Reachability, Relay } from "../../fleet/reachability.ts";
import type { Endpoint } from "../../models/endpoints/endpoint.ts";
import type { Endpoints } from "../../models/endpoints/endpoints.ts";
import type { EndpointLive } from "../../models/endpoints/view.ts";
import type { ElasticModel } from "./elastic.ts";
import { modelStatus, reasonOf } from "./model-status.ts";
import type { Unschedulable } from "./plan.ts";
import { phaseOf, progressOf, wantedOf } from "./start-progress.ts";
import type { ReplicaStatus } from "./world.ts";

export interface RoutedReplica {
  id: string;
  host_id: string;
  /** Of the runtime, or of its host's relay; by tunnel neither means anything. */
  host: string;
  port: number;
  /** Of a runtime that is dialled itself: the socket that must be there, see listener.ts. */
  listener?: number;
  relay?: { server_name: string; tunnel: boolean };
  runtime: "llama-server" | "vllm" | "sglang";
  model: string;
  slots: number;
}

/** REACH: how this process gets to the runtimes of a host; null when it cannot. */
export type ReachOf = (host_id: string) => Reachability | null;

/** What routing knows of the shared models. */
export function routedModels(
  models: readonly (ElasticModel & { created_at: number })[],
  statuses: readonly ReplicaStatus[],
  reach: ReachOf,
  unplaced: ReadonlyMap<string, Unschedulable>,
) {
  const ready = readyByOwner(statuses);
  return models
    .filter((model) => model.enabled)
    .map((model) => ({
      id: model.id,
      name: model.name,
      created_at: model.created_at,
      ready: routedReplicas(ready.get(model.id), reach),
      reason: reasonOf(modelStatus(model, statuses, { unplaced })),
      endpoint: null,
    }));
}

/** What routing knows of Dedicated endpoints. */
export function routedEndpoints(
  endpoints: Pick<Endpoints, "list" | "wakeTimes">,
  statuses: readonly ReplicaStatus[],
  reach: ReachOf,
) {
  const ready = readyByOwner(statuses);
  const byOwner = Map.groupBy(statuses, ({ row }) => row.owner_id);
  return endpoints.list().map((endpoint) => {
    const { id, name, created_at, standing, spec, user_id } = endpoint;
    return {
      id,
      name,
      created_at,
      ready: routedReplicas(ready.get(id), reach),
      reason: endpointReason(endpoint, byOwner.get(id) ?? []),
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
function endpointReason(endpoint: Endpoint, mine: readonly ReplicaStatus[]): string | null {
  const { status, detail } = endpoint.standing;
  if (detail !== "") return detail;
  return status === "building" ? `It is ${phaseOf(endpoint, mine) ?? "placing"}.` : null;
}

/** Wanted replicas that are ready: one that is being stopped or goes to sleep gets no new request. */
export function readyByOwner(
  statuses: readonly ReplicaStatus[],
): ReadonlyMap<string, readonly ReplicaStatus[]> {
  return Map.groupBy(
    statuses.filter(({ state, row }) => state === "ready" && isToServe(row)),
    ({ row }) => row.owner_id,
  );
}

const isToServe = ({ unwanted_since, asleep_bytes }: ReplicaStatus["row"]): boolean =>
  unwanted_since === null && asleep_bytes === null;

export function routedReplicas(
  ready: readonly ReplicaStatus[] | undefined,
  reach: ReachOf,
): RoutedReplica[] {
  return (ready ?? []).flatMap((replica) => routedReplica(replica, reach(replica.row.host_id)));
}

function routedReplica(
  { row: { id, host_id, spec }, observed }: ReplicaStatus,
  reach: Reachability | null,
): RoutedReplica[] {
  if (!observed || !reach) return [];
  const { model, slots } = spec;
  const what = { id, host_id, runtime: runtimeOf(spec.runtime), model, slots };
  const { port, listener = 0 } = observed;
  if (reach.via === "loopback" && listener > 0) {
    return [{ ...what, host: "127.0.0.1", port, listener }];
  }
  // By tunnel, neither host nor port means anything.
  const at = reach.via === "tunnel" ? { host: "127.0.0.1", port } : relayOf(reach);
  if (!at) return [];
  const relay = { server_name: relayName(id), tunnel: reach.via === "tunnel" };
  return [{ ...what, host: at.host, port: at.port, relay }];
}

const relayOf = (reach: Exclude<Reachability, { via: "tunnel" }>): Relay | null =>
  reach.via === "loopback" ? reach.relay : reach;

/** The contract with agents has any word for it; rows hold those that this appliance starts. */
const runtimeOf = (name: string): RoutedReplica["runtime"] =>
  name === "vllm" || name === "sglang" ? name : "llama-server";

/** Replicas that serve, with what their hosts say of them: what is worth remembering of a start. */
export function readyReplicas(
  statuses: readonly ReplicaStatus[],
  hosts: readonly { id: string; inventory: Inventory | null }[],
) {
  const inventories = new Map(hosts.map(({ id, inventory }) => [id, inventory]));
  return statuses.flatMap(({ row: { id, owner_id, host_id, epoch, spec }, state, observed }) => {
    const inventory = inventories.get(host_id);
    if (state !== "ready" || !observed || !inventory) return [];
    return [{ id, owner_id, epoch, spec, observed, inventory }];
  });
}

/** What runs, or should run, on a host. INFLIGHT counts the gateway's open requests on a replica. */
export function replicasOnHost(
  host_id: string,
  statuses: readonly ReplicaStatus[],
  inflight: (replicaId: string) => number,
) {
  return statuses
    .filter(({ row }) => row.host_id === host_id)
    .map(({ row, state, observed }) => ({
      id: row.id,
      model: row.spec.model,
      state,
      inflight: inflight(row.id),
      cause: observed?.cause ?? "",
      detail: observed?.detail ?? "",
      restarts: observed?.restarts ?? 0,
      started_at_ms: observed?.started_at_ms ?? 0,
      ready_after_ms: observed?.ready_after_ms ?? 0,
      log_tail: observed?.log_tail ?? [],
    }));
}

export interface LiveDeps {
  hosts: { list(): readonly { id: string; name: string }[] };
  /** Counts of the gateway: of an endpoint, and of one replica. */
  traffic: {
    demand(endpoint_id: string): Pick<EndpointLive, "inflight" | "waiting" | "last_active_at">;
    inflight(replica_id: string): number;
  };
  statuses(): readonly ReplicaStatus[];
}

/** An endpoint as people see it: its row, joined with what runs and who asks. */
export function liveOf(endpoint: Endpoint, { hosts, traffic, statuses }: LiveDeps): EndpointLive {
  const mine = wantedOf(statuses().filter(({ row }) => row.owner_id === endpoint.id));
  const names = new Map(hosts.list().map(({ id, name }) => [id, name]));
  return {
    ...traffic.demand(endpoint.id),
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
      inflight: traffic.inflight(row.id),
      started_at_ms: observed?.started_at_ms ?? 0,
      ready_after_ms: observed?.ready_after_ms ?? 0,
    })),
  };
}
