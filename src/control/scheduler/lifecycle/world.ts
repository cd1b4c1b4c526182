/** Everything that one pass of the lifecycle looks at, joined and sorted. Pure. */
import type {
  GpuSample,
  Inventory,
  Observed,
  ObservedReplica,
} from "../../../../agent/contract/protocol/messages.ts";
import { seesNoGpu } from "../../../../agent/contract/runtime-device.ts";
import type { Endpoint } from "../../models/endpoints/endpoint.ts";
import type { Device, Fit, Host } from "../placement/fleet.ts";
import type { FindMeasured } from "../sizing/measured.ts";
import type { Demand } from "./dedicated/situation.ts";
import type { ElasticModel } from "./elastic.ts";
import { foreignBytes } from "./foreign.ts";
import type { replicas } from "./table.ts";

export type ReplicaRow = Readonly<typeof replicas.$inferSelect>;

export interface FleetHost {
  id: string;
  name: string;
  labels: Readonly<Record<string, string>>;
  cordoned: boolean;
  /** Its replicas are to go elsewhere. */
  draining: boolean;
  /** Zero while it is up. */
  down_for_ms: number;
  /** Null until its agent has connected once. */
  inventory: Inventory | null;
  /** What it said last; null until it has spoken since our own start. */
  observed: Pick<Observed, "generation" | "replicas" | "sources"> | null;
  /** What its GPUs did a moment ago; none while that is not known. */
  gpus: readonly GpuSample[];
}

export interface World {
  now: number;
  models: readonly ElasticModel[];
  endpoints: readonly Endpoint[];
  hosts: readonly FleetHost[];
  rows: readonly ReplicaRow[];
  demandOf(endpoint_id: string): Demand;
  /** Over the last minute; null with too few requests to say. */
  ttftOf(endpoint_id: string): number | null;
  inflightOf(replica_id: string): number;
  /** What starts have really taken; absent where nobody remembers. */
  measured?: FindMeasured;
  /** What a shared model needs: null where nothing is set aside for it, undefined while that is being found out. */
  fitOf(model: ElasticModel): Fit | null | undefined;
}

/** A desired replica joined with what its host says of it. `waiting`: the host has not spoken of it yet. */
export interface ReplicaStatus {
  row: ReplicaRow;
  state: ObservedReplica["state"] | "waiting";
  observed: ObservedReplica | null;
}

/** A host that has been silent for longer is counted as lost, and its replicas are replaced. */
export const lost_after_ms = 120_000;

/** When more than half of the fleet falls silent at once, the fault is ours or the network's: nothing is lost. */
export function lostHosts(hosts: readonly { id: string; down_for_ms: number }[]): Set<string> {
  const silent = hosts.filter((host) => host.down_for_ms > lost_after_ms).map((host) => host.id);
  return new Set(silent.length * 2 > hosts.length ? [] : silent);
}

/** What a host says counts for the rows of that host alone: of another's replicas it knows nothing. */
export function joined(
  rows: readonly ReplicaRow[],
  hosts: readonly Pick<FleetHost, "id" | "observed">[],
): ReplicaStatus[] {
  const seen = new Map<string, Map<string, ObservedReplica>>();
  for (const { id, observed } of hosts) {
    seen.set(id, new Map(observed?.replicas.map((replica) => [replica.id, replica])));
  }
  return rows.map((row) => {
    const replica = seen.get(row.host_id)?.get(row.id);
    const observed = replica?.epoch === row.epoch ? replica : null;
    return { row, state: observed?.state ?? "waiting", observed };
  });
}

/**
 * Rows of which nothing is left: their host has answered a desired set without them and does not see
 * them any more, or it was removed. Until then their memory counts as taken.
 */
export function provenGone(
  rows: readonly ReplicaRow[],
  hosts: ReadonlyMap<string, FleetHost>,
): string[] {
  const seen = new Map<string, Set<string>>();
  const sees = (host: FleetHost, id: string): boolean => {
    const known = seen.get(host.id) ?? new Set(host.observed?.replicas.map((r) => r.id));
    seen.set(host.id, known);
    return known.has(id);
  };
  return rows
    .filter(({ id, host_id, unwanted_since }) => {
      const host = hosts.get(host_id);
      if (!host) return true;
      if (unwanted_since === null || !host.observed) return false;
      return host.observed.generation >= unwanted_since && !sees(host, id);
    })
    .map(({ id }) => id);
}

/** The part of a host's memory that runtimes on its processors may use: the rest is the system's. */
const cpu_memory_ratio = 0.9;

/** The fleet for placement: what every device has, and what our replicas have reserved of it. */
export function placementHosts(
  hosts: readonly FleetHost[],
  statuses: readonly ReplicaStatus[],
): Host[] {
  const byHost = Map.groupBy(statuses, ({ row }) => row.host_id);
  return hosts.map((host) => ({
    id: host.id,
    name: host.name,
    labels: host.labels,
    cordoned: host.cordoned || host.draining,
    down_for_ms: host.down_for_ms,
    runtimes: host.inventory?.runtimes.map(({ name }) => name) ?? [],
    blind: host.inventory?.runtimes.filter(seesNoGpu).map(({ name }) => name) ?? [],
    devices: devicesOf(host, byHost.get(host.id) ?? []),
    sources: new Set(host.observed?.sources),
  }));
}

function devicesOf({ inventory, gpus }: FleetHost, statuses: readonly ReplicaStatus[]): Device[] {
  if (!inventory) return [];
  const cpu = Math.floor(inventory.memory_bytes * cpu_memory_ratio);
  const found = [
    ...inventory.gpus.map(({ uuid, name, vram_bytes }) => ({
      id: uuid,
      kind: name,
      memory_bytes: vram_bytes,
    })),
    { id: "cpu", kind: "cpu", memory_bytes: cpu },
  ];
  const asleep_bytes = statuses.reduce((sum, { row }) => sum + (row.asleep_bytes ?? 0), 0);
  return found.map((device) => {
    const mine = statuses.filter(({ row }) => row.devices.includes(device.id));
    const sleepers_bytes = device.id === "cpu" ? asleep_bytes : 0;
    const leaving = mine.filter(({ row }) => row.unwanted_since !== null);
    return {
      ...device,
      reserved_bytes: bytesOf(mine) + sleepers_bytes,
      leaving_bytes: bytesOf(leaving),
      asleep_bytes: bytesOf(mine.filter(isAsleep)),
      foreign_bytes: foreignBytes(
        gpus.find(({ uuid }) => uuid === device.id),
        new Set(mine.map(({ row }) => row.id)),
      ),
      starting: mine.some(
        ({ row, state }) =>
          row.unwanted_since === null &&
          row.asleep_bytes === null &&
          (state === "waiting" || state === "starting"),
      ),
    };
  });
}

const bytesOf = (statuses: readonly ReplicaStatus[]): number =>
  statuses.reduce((sum, status) => sum + heldBytes(status), 0);

/** What a replica takes of each of its devices: asleep in place, what its host has measured, else what was reserved. */
export const heldBytes = (status: ReplicaStatus): number =>
  isAsleep(status)
    ? Math.min(status.row.bytes_per_device, status.observed?.gpu_memory_bytes ?? 0)
    : status.row.bytes_per_device;

const isAsleep = ({ row, state }: ReplicaStatus): boolean =>
  row.asleep_bytes !== null && state === "asleep";
