/** What the rest of the appliance sees of the replicas: pure views over one pass of the loop. */
import type { Inventory } from "../../../../agent/contract/protocol/messages.ts";
import { relayName } from "../../../../agent/contract/protocol/relay-name.ts";
import type { Reachability, Relay } from "../../fleet/reachability.ts";
import type { ElasticModel } from "./elastic.ts";
import { modelStatus, reasonOf } from "./model-status.ts";
import type { Unschedulable } from "./plan.ts";
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
