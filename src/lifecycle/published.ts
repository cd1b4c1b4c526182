/** What the rest of the appliance is told of the replicas: pure views over one pass of the loop. */
import { relayName } from "../../agent/contract/relay-name.ts";
import type { Reach } from "../fleet/hosts.ts";
import type { ElasticModel } from "./elastic.ts";
import type { ReplicaStatus } from "./reconcile.ts";

export interface ModelStatus {
  ready_replicas: number;
  starting_replicas: number;
  /** One sentence for a person; null when all is well. */
  problem: string | null;
}

/** HOSTPROBLEM: why a host's ready replicas cannot be reached; null when they can. */
export function modelStatus(
  model: ElasticModel,
  statuses: readonly ReplicaStatus[],
  hostProblem: (hostId: string) => string | null = () => null,
): ModelStatus {
  const mine = statuses.filter((replica) => replica.model_id === model.id);
  const count = (...states: ReplicaStatus["state"][]): number =>
    mine.filter((replica) => states.includes(replica.state)).length;
  return {
    ready_replicas: count("ready"),
    starting_replicas: count("waiting", "starting"),
    problem: model.enabled ? problemOf(model, mine, hostProblem) : null,
  };
}

function problemOf(
  model: ElasticModel,
  mine: readonly ReplicaStatus[],
  hostProblem: (hostId: string) => string | null,
): string | null {
  const broken = mine.find(({ state }) => state === "failed" || state === "crashed");
  if (broken) return broken.observed?.detail || "A replica failed; its log on the host says why.";
  const hostProblems = mine.map(({ state, host_id }) =>
    state === "ready" ? hostProblem(host_id) : null,
  );
  const unreachable = hostProblems.find((problem) => problem !== null);
  if (unreachable) return `A replica is ready, but not reachable. ${unreachable}`;
  if (mine.length > 0 || model.replicas === 0) return null;
  return `No host is up that has ${model.runtime}. Join one on the Hosts page.`;
}

export interface RoutedReplica {
  id: string;
  /** Of the runtime, or of its host's relay. */
  host: string;
  port: number;
  relay?: { server_name: string; certificate_sha256: string };
  model: string;
  slots: number;
}

export interface RoutedModel {
  name: string;
  created_at: number;
  ready: RoutedReplica[];
  reason: string | null;
}

/** REACH: how this process gets to the runtimes of a host; null when it cannot. */
export function routedModels(
  models: readonly (ElasticModel & { created_at: number })[],
  statuses: readonly ReplicaStatus[],
  reach: (hostId: string) => Reach | null,
): RoutedModel[] {
  const ready = Map.groupBy(
    statuses.filter(({ state }) => state === "ready"),
    ({ model_id }) => model_id,
  );
  return models
    .filter((model) => model.enabled)
    .map((model) => ({
      name: model.name,
      created_at: model.created_at,
      ready: (ready.get(model.id) ?? []).flatMap((replica) =>
        routedReplica(replica, reach(replica.host_id)),
      ),
      reason: modelStatus(model, statuses).problem,
    }));
}

function routedReplica(
  { id, spec: { model, slots }, observed }: ReplicaStatus,
  reach: Reach | null,
): RoutedReplica[] {
  if (!observed || !reach) return [];
  if (reach.via === "loopback") {
    return [{ id, host: observed.host, port: observed.port, model, slots }];
  }
  const { host, port, certificate_sha256 } = reach;
  return [
    { id, host, port, relay: { server_name: relayName(id), certificate_sha256 }, model, slots },
  ];
}

/** What runs, or should run, on a host. INFLIGHT counts the gateway's open requests on a replica. */
export function replicasOnHost(
  host_id: string,
  statuses: readonly ReplicaStatus[],
  inflight: (replicaId: string) => number,
) {
  return statuses
    .filter((replica) => replica.host_id === host_id)
    .map(({ id, spec, state, observed }) => ({
      id,
      model: spec.model,
      state,
      inflight: inflight(id),
      cause: observed?.cause ?? "",
      detail: observed?.detail ?? "",
      restarts: observed?.restarts ?? 0,
      started_at_ms: observed?.started_at_ms ?? 0,
      ready_after_ms: observed?.ready_after_ms ?? 0,
      log_tail: observed?.log_tail ?? [],
    }));
}
