/** What is measured, and what of the appliance is looked at for it. */

import type { Hosts } from "../control/fleet/hosts.ts";
import type { Endpoints } from "../control/models/endpoints/endpoints.ts";
import type { Snapshot } from "../control/observability/telemetry/gauges.ts";
import { gpuSeries } from "../control/observability/telemetry/gpu-series.ts";
import type { Sample } from "../control/observability/telemetry/samples.ts";
import { Telemetry } from "../control/observability/telemetry/telemetry.ts";
import { XidCounts } from "../control/observability/telemetry/xid-counts.ts";
import type { ReplicaStatus } from "../control/scheduler/lifecycle/world.ts";
import type { Settings } from "../control/settings/settings.ts";
import type { Database } from "../control/storage/database.ts";
import { driftFamily } from "../control/usage/reconciliation/checks.ts";
import type { Gateway } from "../gateway/gateway.ts";
import type { Routing } from "../gateway/routing/routing.ts";
import { clock } from "./clock.ts";

export interface TelemetryDeps {
  database: Database;
  settings: Settings;
  endpoints: Endpoints;
  hosts: Hosts;
  routing: Pick<Routing, "demand">;
  gateway(): Pick<Gateway, "inflight">;
  statuses(): readonly ReplicaStatus[];
  report(error: unknown): void;
}

export function composeTelemetry(parts: TelemetryDeps): Telemetry {
  const xids = new XidCounts();
  return new Telemetry(parts.database, {
    now: clock.now,
    steady: clock.steady,
    snapshot: () => snapshotOf(parts, xids),
    retention: () => parts.settings.current().retention,
    more: () => [driftFamily(parts.database, clock.now())],
    report: parts.report,
  });
}

function snapshotOf(
  { endpoints, hosts, routing, gateway, statuses }: TelemetryDeps,
  xids: XidCounts,
): Snapshot {
  const states = Map.groupBy(statuses(), ({ state }) => state);
  const inflight = gateway().inflight();
  return {
    endpoints: endpoints.list().map(({ id, name, standing }) => {
      const { inflight: open, waiting } = routing.demand(id);
      return { id, name, status: standing.status, inflight: open, waiting };
    }),
    replicas: [...states].map(([state, { length: count }]) => ({ state, count })),
    hosts: hostSnapshots(hosts, xids),
    inflight,
    samples: [
      { subject: "", metric: "inflight", value: inflight },
      ...endpointSamples(endpoints, routing, statuses()),
      ...hostSamples(hosts),
    ],
  };
}

function hostSnapshots(hosts: Hosts, xids: XidCounts): Snapshot["hosts"] {
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
      heartbeat_age_s: seen_at === null ? null : Math.max(0, clock.now() - seen_at) / 1000,
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
  endpoints: Endpoints,
  routing: Pick<Routing, "demand">,
  statuses: readonly ReplicaStatus[],
): Sample[] {
  const ready = Map.groupBy(
    statuses.filter(({ state, row }) => state === "ready" && row.unwanted_since === null),
    ({ row }) => row.owner_id,
  );
  return endpoints.list().flatMap(({ id: subject }) => {
    const { inflight, waiting } = routing.demand(subject);
    const ready_replicas = ready.get(subject)?.length ?? 0;
    if (ready_replicas + inflight + waiting === 0) return [];
    return Object.entries({ inflight, waiting, ready_replicas }).map(([metric, value]) => ({
      subject,
      metric,
      value,
    }));
  });
}

function hostSamples(hosts: Hosts): Sample[] {
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
