/** What is metered, held against what the engines counted. */
import type { Hosts } from "../fleet/hosts.ts";
import type { Gateway } from "../gateway/gateway.ts";
import { readyByOwner, routedReplicas } from "../lifecycle/published.ts";
import type { ReplicaStatus } from "../lifecycle/world.ts";
import { Reconciliation } from "../metering/reconciliation.ts";
import type { Routing } from "../routing/routing.ts";
import type { Database } from "../storage/database.ts";
import type { UsageLog } from "../usage/usage.ts";
import { clock } from "./clock.ts";

export interface MeteringParts {
  database: Database;
  usage: UsageLog;
  hosts: Pick<Hosts, "reach">;
  routing: Pick<Routing, "inflight">;
  gateway(): Pick<Gateway, "read">;
  statuses(): readonly ReplicaStatus[];
  log(line: string): void;
}

export function composeMetering(parts: MeteringParts): Reconciliation {
  const { database, usage, hosts, routing, gateway, statuses, log } = parts;
  const reconciliation = new Reconciliation({
    ...{ database, log, now: clock.steady, wall: clock.now, inflight: routing.inflight },
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
