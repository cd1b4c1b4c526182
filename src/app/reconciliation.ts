/** What is metered, held against what the engines counted. */
import type { Hosts } from "../control/fleet/hosts.ts";
import { readyByOwner, routedReplicas } from "../control/scheduler/lifecycle/published.ts";
import type { ReplicaStatus } from "../control/scheduler/lifecycle/world.ts";
import type { Database } from "../control/storage/database.ts";
import { Reconciliation } from "../control/usage/reconciliation/reconciliation.ts";
import type { UsageLog } from "../control/usage/usage.ts";
import type { Gateway } from "../gateway/gateway.ts";
import type { Routing } from "../gateway/routing/routing.ts";
import { clock } from "./clock.ts";

export interface ReconciliationDeps {
  database: Database;
  usage: UsageLog;
  hosts: Pick<Hosts, "reach">;
  routing: Pick<Routing, "inflight">;
  gateway(): Pick<Gateway, "read">;
  statuses(): readonly ReplicaStatus[];
  log(line: string): void;
}

export function composeReconciliation(parts: ReconciliationDeps): Reconciliation {
  const { database, usage, hosts, routing, gateway, statuses, log } = parts;
  const reconciliation = new Reconciliation({
    database,
    log,
    now: clock.steady,
    wall: clock.now,
    inflight: routing.inflight,
    replicas: () =>
      [...readyByOwner(statuses()).values()]
        .flat()
        .map(({ row }) => ({ id: row.id, model: row.spec.model })),
    async read(id, signal) {
      // Also one that is being stopped, which routing does not know any more.
      const status = statuses().find(({ row }) => row.id === id);
      const [replica] = routedReplicas(status && [status], (host_id) => hosts.reach(host_id));
      if (!replica) throw new Error(`Replica ${id} cannot be reached.`);
      return await gateway().read(replica, "/metrics", signal);
    },
  });
  usage.onRecord((row) => reconciliation.recorded(row));
  usage.onAmend(({ before, better }) => reconciliation.amended(before, better));
  return reconciliation;
}
