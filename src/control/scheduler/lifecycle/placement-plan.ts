/** Places for one pass: what one replica takes, the next one does not find, and what may stop to make room. Pure. */
import type { Endpoint } from "../../models/endpoints/endpoint.ts";
import { argumentsOf, demandOf, evictableIn } from "../placement/endpoint-demand.ts";
import type { Evictable } from "../placement/eviction.ts";
import type { Demand, Placement, Refused } from "../placement/fleet.ts";
import { type FleetIndex, indexFleet } from "../placement/fleet-index.ts";
import { cpu } from "../placement/kinds.ts";
import { makeRoom, whyNoRoom } from "../placement/make-room.ts";
import { place } from "../placement/place.ts";
import { sleepsInPlace } from "./dedicated/situation.ts";
import { type ElasticModel, specOf as elasticSpecOf } from "./elastic.ts";
import { elasticDemand, estimateOf, hasAskedDevices, needsTheSame } from "./elastic-need.ts";
import type { ReplicaSpec } from "./table.ts";
import {
  heldBytes,
  placementHosts,
  type ReplicaRow,
  type ReplicaStatus,
  type World,
} from "./world.ts";

export type NewReplica = Omit<
  ReplicaRow,
  "id" | "epoch" | "created_at" | "unwanted_since" | "asleep_bytes"
>;

/** Copies are made page by page, and a process has more than its weights. */
const bed_ratio = 1.05;
const bed_bytes = 2 ** 30;

export class PlacementPlan {
  readonly taken: NewReplica[] = [];
  /** Replicas of shared models that stop to make room. */
  readonly evicted: string[] = [];
  readonly #world: World;
  readonly #statuses: readonly ReplicaStatus[];
  #fleet: FleetIndex | undefined;
  /** What was refused stays refused in this pass: nothing becomes free in it. */
  readonly #refusals = new Map<string, Refused>();

  constructor(world: World, statuses: readonly ReplicaStatus[]) {
    this.#world = world;
    this.#statuses = statuses;
  }

  /** Takes a place for one more replica of ENDPOINT, or says why there is none. */
  take(endpoint: Endpoint, beside: ReadonlySet<string>): Refused | null {
    const key = sameness(endpoint);
    const known = this.#refusals.get(key);
    if (known) return known;
    const demand = demandOf(endpoint, beside, this.#world.measured);
    const placed = place(demand, this.fleet);
    if (!("refused" in placed)) {
      this.#occupy(endpoint.id, endpoint.revision, specOf(endpoint, placed), placed);
      return null;
    }
    const refused = placed.refused === "busy" ? this.#madeRoom(demand, placed) : placed;
    if (refused.awaiting) this.fleet.occupy(refused.awaiting, { starting: false });
    else this.#refusals.set(key, refused);
    return refused;
  }

  /** Takes a place for a replica of a shared model on one host. False when there is no room on it. */
  takeOn(model: ElasticModel, host_id: string): boolean {
    const estimate = this.#world.fitOf(model);
    if (estimate === undefined) return false;
    const spec = elasticSpecOf(model);
    const owner_id = model.id;
    if (estimate === null) {
      this.taken.push({ owner_id, host_id, spec, revision: 0, devices: [], bytes_per_device: 0 });
      return true;
    }
    const placed = place(this.#elasticDemand(model), only(this.fleet, [host_id]));
    if ("refused" in placed) return false;
    this.#occupy(owner_id, 0, { ...spec, devices: [...placed.devices] }, placed);
    return true;
  }

  /** Host memory for ROW to sleep in place, in bytes; null when its host has none to give, or nobody knows how much. */
  reserveHostMemory({ artifact: { model } }: Endpoint, { host_id }: ReplicaRow): number | null {
    if (!model) return null;
    const bytes = Math.ceil(model.weights_bytes * bed_ratio) + bed_bytes;
    const held = { host_id, devices: [cpu], bytes_per_device: bytes };
    if (!this.fleet.hasRoom(held)) return null;
    this.fleet.occupy(held, { starting: false });
    return bytes;
  }

  /** Gives a sleeper back the memory of its GPUs; false when others have it now. */
  reclaimDevices(status: ReplicaStatus): boolean {
    const own_bytes = heldBytes(status);
    if (!this.fleet.hasRoom(status.row, own_bytes)) return false;
    const bytes_per_device = status.row.bytes_per_device - own_bytes;
    this.fleet.occupy({ ...status.row, bytes_per_device }, { starting: true });
    return true;
  }

  /** Why a shared model finds no place on HOST_IDS, or without any, in the fleet; null when it would find one. */
  whyNot(model: ElasticModel, host_ids: readonly string[]): Refused | null {
    const demand = this.#elasticDemand(model);
    const placed = place(demand, host_ids.length > 0 ? only(this.fleet, host_ids) : this.fleet);
    return "refused" in placed ? placed : null;
  }

  /** Whether a replica of a shared model has devices as MODEL asks for; with RENEWED, also as many bytes as that needs now. */
  suits(row: ReplicaRow, model: ElasticModel, renewed = false): boolean {
    const asks = model.gpu.type !== null || model.gpu.count !== null;
    const host = this.fleet.hosts.find(({ id }) => id === row.host_id);
    const device = host?.devices.find(({ id }) => id === row.devices[0]);
    if (!device) return true;
    // It was placed before its runtime could say that it sees no GPU.
    if (device.kind !== cpu && host?.blind?.includes(model.runtime)) return false;
    if (!asks && !renewed) return true;
    if (!hasAskedDevices(row, model, device)) return false;
    return !renewed || needsTheSame(row, this.#elasticDemand(model), device);
  }

  #elasticDemand(model: ElasticModel): Demand {
    return elasticDemand(
      model,
      this.#world.fitOf(model) ?? estimateOf(model),
      this.#world.measured,
    );
  }

  get fleet(): FleetIndex {
    this.#fleet ??= indexFleet(placementHosts(this.#world.hosts, this.#statuses));
    return this.#fleet;
  }

  get evictable(): Evictable[] {
    return evictableIn(this.#world, this.#statuses).filter(
      ({ replica_id }) => !this.evicted.includes(replica_id),
    );
  }

  #occupy(owner_id: string, revision: number, spec: ReplicaSpec, placed: Placement): void {
    this.fleet.occupy(placed, { starting: true });
    const { host_id, devices, bytes_per_device } = placed;
    this.taken.push({
      owner_id,
      host_id,
      spec,
      revision,
      bytes_per_device,
      devices: [...devices],
    });
  }

  /** Idle replicas of the shared models stop for a Dedicated endpoint, and it waits for their memory. */
  #madeRoom(demand: Demand, refused: Refused): Refused {
    const { evictable, fleet } = this;
    const { now } = this.#world;
    const room = makeRoom(demand, fleet, evictable, now);
    if (!room) {
      const kept = whyNoRoom(demand, fleet, evictable, now);
      return kept
        ? { ...refused, nearest: [kept, refused.nearest].filter(Boolean).join(" ") }
        : refused;
    }
    for (const replica of room.evict) {
      this.evicted.push(replica.replica_id);
      fleet.leave(replica);
    }
    return { refused: "wait", detail: room.why, nearest: null, awaiting: room.placement_after };
  }
}

function specOf(endpoint: Endpoint, { devices }: Placement): ReplicaSpec {
  const { id, spec, artifact } = endpoint;
  const { runtime, source, context_tokens } = artifact;
  return {
    model: id,
    runtime,
    source,
    context_tokens,
    slots: spec.concurrency,
    args: argumentsOf(spec, runtime),
    devices: [...devices],
    env: { ...spec.env },
    ...(sleepsInPlace(endpoint) && { can_sleep: true }),
  };
}

function sameness({ spec, artifact }: Endpoint): string {
  const { runtime, source, context_tokens } = artifact;
  const { labels, gpu, concurrency } = spec;
  return JSON.stringify([runtime, source, context_tokens, labels, gpu, concurrency]);
}

/** The same fleet, of which only some hosts may be taken. */
function only(fleet: FleetIndex, host_ids: readonly string[]): FleetIndex {
  const kinds = fleet.kinds
    .map((kind) => ({
      ...kind,
      shelves: kind.shelves.filter(({ host }) => host_ids.includes(host.id)),
    }))
    .filter(({ shelves }) => shelves.length > 0);
  return { ...fleet, kinds, hosts: fleet.hosts.filter(({ id }) => host_ids.includes(id)) };
}
