/**
 * Which hosts should run which shared models, from what is wanted and what is there. Pure.
 * It moves nothing that need not move: a replica stays where it is while its host may come back,
 * because rescheduling a whole fleet over one lost heartbeat is worse than waiting (gpustack#5935).
 */
import type { Artifact, Asked } from "../../models/resolution/artifact.ts";
import type { ReplicaSpec } from "./table.ts";

export interface ElasticModel {
  id: string;
  name: string;
  source: string;
  runtime: string;
  context_tokens: number;
  slots: number;
  /** Null where any will do, as many as are needed. */
  gpu: Asked["gpu"];
  /** What the weights are known to need; null when nobody has looked, or nothing says. */
  model_facts: Artifact["model"];
  /** Null wants one on every host that can run it. */
  replicas: number | null;
  enabled: boolean;
  /** Replicas that failed before are started afresh. */
  changed_at: number;
}

export interface ElasticHost {
  id: string;
  cordoned: boolean;
  /** Names of the runtimes found on the host. */
  runtimes: readonly string[];
  /** Its replicas are to go elsewhere. */
  draining: boolean;
  /** Zero while the host is up. */
  down_for_ms: number;
  has_gpu: boolean;
}

/** Takes a place for one more replica of MODEL on a host; false when there is no room on it. */
export type Take = (model: ElasticModel, host_id: string) => boolean;

export interface Assignment {
  id: string;
  owner_id: string;
  host_id: string;
  epoch: number;
  spec: ReplicaSpec;
}

/** A model with fewer replicas than it wants. */
export interface Short {
  model: ElasticModel;
  /** Replicas that it has. */
  kept: number;
  /** Hosts that could take one but have no room. */
  full: readonly string[];
}

export interface Changes {
  add: { owner_id: string; host_id: string; spec: ReplicaSpec }[];
  short: Short[];
  remove: string[];
  /** Replicas whose specification changed and which need a new epoch. */
  renew: { id: string; spec: ReplicaSpec }[];
}

export function assign(
  models: readonly ElasticModel[],
  hosts: readonly ElasticHost[],
  current: readonly Assignment[],
  lost: ReadonlySet<string>,
  take: Take = () => true,
): Changes {
  const changes: Changes = { add: [], short: [], remove: [], renew: [] };
  const fleet = survey(hosts, current, lost);
  const wanted = new Map(models.filter((model) => model.enabled).map((model) => [model.id, model]));
  for (const replica of current) {
    const host = fleet.byId.get(replica.host_id);
    if (!wanted.has(replica.owner_id) || !host || host.draining) {
      changes.remove.push(replica.id);
    }
  }
  for (const model of wanted.values()) {
    const mine = current.filter(
      (r) => r.owner_id === model.id && fleet.byId.get(r.host_id)?.draining === false,
    );
    const surplus = surplusOf(model, mine, fleet);
    changes.remove.push(...surplus.map((replica) => replica.id));
    const kept = mine.filter((replica) => !surplus.includes(replica));
    changes.renew.push(...renewals(model, kept));
    const { taken, missing, full } = additions(model, kept, fleet, take);
    changes.add.push(...taken.map((host_id) => addition(model, host_id)));
    const has = kept.length + taken.length;
    if (missing > 0 || (has === 0 && model.replicas !== 0)) {
      changes.short.push({ model, kept: has, full });
    }
  }
  return changes;
}

export function specOf(model: ElasticModel): ReplicaSpec {
  return {
    model: model.name,
    runtime: model.runtime,
    source: model.source,
    context_tokens: model.context_tokens,
    slots: model.slots,
    args: [],
    devices: [],
    env: {},
  };
}

/** Whether a replica was started as MODEL is now. */
export const runsAs = ({ spec }: Pick<Assignment, "spec">, model: ElasticModel): boolean =>
  Bun.deepEquals({ ...spec, devices: [] }, specOf(model));

interface Fleet {
  byId: ReadonlyMap<string, ElasticHost>;
  lost: ReadonlySet<string>;
  /** Replicas per host, counted up while this pass adds more. */
  load: Map<string, number>;
}

function survey(
  hosts: readonly ElasticHost[],
  current: readonly Assignment[],
  lost: ReadonlySet<string>,
): Fleet {
  const load = new Map(hosts.map((host) => [host.id, 0]));
  for (const { host_id } of current) load.set(host_id, (load.get(host_id) ?? 0) + 1);
  return {
    byId: new Map(hosts.map((host) => [host.id, host])),
    lost,
    load,
  };
}

/**
 * What is over the wanted count, replicas on silent or cordoned hosts first. One on a lost host is
 * not surplus: it costs nothing, and when the host returns it may be the better one to keep.
 */
function surplusOf(model: ElasticModel, mine: readonly Assignment[], fleet: Fleet): Assignment[] {
  if (model.replicas === null) return [];
  const rank = (replica: Assignment): number => {
    const host = fleet.byId.get(replica.host_id);
    if (fleet.lost.has(replica.host_id)) return 3;
    if (host && host.down_for_ms > 0) return 2;
    return host?.cordoned ? 1 : 0;
  };
  return mine
    .toSorted((a, b) => rank(a) - rank(b))
    .slice(model.replicas)
    .filter((replica) => model.replicas === 0 || !fleet.lost.has(replica.host_id));
}

function renewals(model: ElasticModel, kept: readonly Assignment[]): Changes["renew"] {
  const spec = specOf(model);
  return kept
    .filter((replica) => !runsAs(replica, model))
    .map((replica) => ({ id: replica.id, spec: { ...spec, devices: replica.spec.devices } }));
}

const addition = (model: ElasticModel, host_id: string): Changes["add"][number] => ({
  owner_id: model.id,
  host_id,
  spec: specOf(model),
});

/** On the emptiest hosts that have room, those with GPUs first: one on processors is several times slower. */
function additions(
  model: ElasticModel,
  kept: readonly Assignment[],
  fleet: Fleet,
  take: Take,
): { taken: string[]; missing: number; full: string[] } {
  const busy = new Set(kept.map((replica) => replica.host_id));
  const free = [...fleet.byId.values()].filter(
    (host) =>
      !busy.has(host.id) &&
      !host.cordoned &&
      !host.draining &&
      host.down_for_ms === 0 &&
      host.runtimes.includes(model.runtime),
  );
  const alive = kept.filter((replica) => !fleet.lost.has(replica.host_id)).length;
  const wanted = model.replicas === null ? free.length : Math.max(0, model.replicas - alive);
  const loadOf = (host: ElasticHost): number => fleet.load.get(host.id) ?? 0;
  const order = free.toSorted(
    (a, b) =>
      Number(b.has_gpu) - Number(a.has_gpu) || loadOf(a) - loadOf(b) || a.id.localeCompare(b.id),
  );
  const taken: string[] = [];
  const full: string[] = [];
  for (const host of order) {
    if (taken.length === wanted) break;
    if (take(model, host.id)) {
      fleet.load.set(host.id, loadOf(host) + 1);
      taken.push(host.id);
    } else full.push(host.id);
  }
  const missing = model.replicas === null ? 0 : wanted - taken.length;
  return { taken, missing, full };
}
