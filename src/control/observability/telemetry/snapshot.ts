/** What of the appliance is looked at for its metrics. */
import type { Hosts } from "../../fleet/hosts.ts";
import type { Endpoints } from "../../models/endpoints/endpoints.ts";
import type { ReplicaStatus } from "../../scheduler/lifecycle/world.ts";
import type { Snapshot } from "./gauges.ts";
import { gpuSeries } from "./gpu-series.ts";
import type { Sample } from "./samples.ts";
import { XidCounts } from "./xid-counts.ts";

export interface SnapshotDeps {
  endpoints: Pick<Endpoints, "list">;
  hosts: Pick<Hosts, "list" | "lastSeen" | "isUp" | "heartbeat">;
  /** Requests of an endpoint: being answered, and waiting for it. */
  demandOf(endpoint_id: string): { inflight: number; waiting: number };
  /** Requests being relayed, of all. */
  inflight(): number;
  statuses(): readonly ReplicaStatus[];
  now(): number;
}

export function snapshotsOf(deps: SnapshotDeps): () => Snapshot {
  const xids = new XidCounts();
  return () => snapshotOf(deps, xids);
}

function snapshotOf(
  { endpoints, hosts, demandOf, inflight: relayed, statuses, now }: SnapshotDeps,
  xids: XidCounts,
): Snapshot {
  const states = Map.groupBy(statuses(), ({ state }) => state);
  const inflight = relayed();
  return {
    endpoints: endpoints.list().map(({ id, name, standing }) => {
      const { inflight: open, waiting } = demandOf(id);
      return { id, name, status: standing.status, inflight: open, waiting };
    }),
    replicas: [...states].map(([state, { length: count }]) => ({ state, count })),
    hosts: hostSnapshots(hosts, xids, now()),
    inflight,
    samples: [
      { subject: "", metric: "inflight", value: inflight },
      ...endpointSamples(endpoints, demandOf, statuses()),
      ...hostSamples(hosts),
    ],
  };
}

function hostSnapshots(
  hosts: SnapshotDeps["hosts"],
  xids: XidCounts,
  now: number,
): Snapshot["hosts"] {
  const list = hosts.list();
  xids.keepOnly(new Set(list.map(({ id }) => id)));
  return list.map(({ id, name, inventory }) => {
    const seen_at = hosts.lastSeen(id);
    const up = hosts.isUp(id);
    const heartbeat = hosts.heartbeat(id);
    const samples = up ? (heartbeat?.gpus ?? []) : [];
    return {
      name,
      up,
      heartbeat_age_s: seen_at === null ? null : Math.max(0, now - seen_at) / 1000,
      weights: up ? heartbeat : null,
      gpus: (inventory?.gpus ?? []).map(({ index, uuid }) => ({
        index,
        uuid,
        sample: samples.find((sample) => sample.uuid === uuid) ?? null,
      })),
      xids: xids.count(id, heartbeat?.xids ?? []),
    };
  });
}

/** Of endpoints that run: one that sleeps leaves a gap, which says as much as a row of zeros. */
function endpointSamples(
  endpoints: SnapshotDeps["endpoints"],
  demandOf: SnapshotDeps["demandOf"],
  statuses: readonly ReplicaStatus[],
): Sample[] {
  const ready = Map.groupBy(
    statuses.filter(({ state, row }) => state === "ready" && row.unwanted_since === null),
    ({ row }) => row.owner_id,
  );
  return endpoints.list().flatMap(({ id: subject }) => {
    const { inflight, waiting } = demandOf(subject);
    const ready_replicas = ready.get(subject)?.length ?? 0;
    if (ready_replicas + inflight + waiting === 0) return [];
    return Object.entries({ inflight, waiting, ready_replicas }).map(([metric, value]) => ({
      subject,
      metric,
      value,
    }));
  });
}

function hostSamples(hosts: SnapshotDeps["hosts"]): Sample[] {
  return hosts.list().flatMap(({ id: subject, inventory }) => {
    const heartbeat = hosts.isUp(subject) ? hosts.heartbeat(subject) : null;
    if (!heartbeat) return [];
    const { cpu_ratio, memory_used_bytes, disk_free_bytes } = heartbeat;
    const own = Object.entries({ cpu_ratio, memory_used_bytes, disk_free_bytes });
    return [
      ...own.map(([metric, value]) => ({ subject, metric, value })),
      ...gpuSeries(inventory?.gpus ?? [], heartbeat.gpus).map((each) => ({ subject, ...each })),
    ];
  });
}
