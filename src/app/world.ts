/** The world as the lifecycle looks at it, put together from the domains. */

import type { Hosts } from "../control/fleet/hosts.ts";
import type { Catalog } from "../control/models/catalog/catalog.ts";
import type { Endpoints } from "../control/models/endpoints/endpoints.ts";
import type { Resolve } from "../control/models/resolution/resolve.ts";
import { ElasticFits } from "../control/scheduler/lifecycle/elastic-fits.ts";
import type { FleetHost, World } from "../control/scheduler/lifecycle/world.ts";
import type { FindMeasured } from "../control/scheduler/sizing/measured.ts";
import type { Routing } from "../gateway/routing/routing.ts";

export interface WorldParts {
  catalog: Catalog;
  endpoints: Endpoints;
  hosts: Hosts;
  routing: Pick<Routing, "demand" | "inflight">;
  resolve: Resolve;
  measured: FindMeasured;
  ttftOf(endpoint_id: string): number | null;
  /** Something was found out. */
  trigger(): void;
}

export function worldOf(parts: WorldParts): () => Omit<World, "now" | "rows"> {
  const { catalog, endpoints, hosts, routing, ttftOf, measured } = parts;
  const elasticFits = new ElasticFits(parts);
  return () => ({
    models: catalog.list(),
    endpoints: endpoints.list(),
    hosts: fleetHosts(hosts),
    demandOf: routing.demand,
    inflightOf: routing.inflight,
    fitOf: (model) => elasticFits.of(model),
    ttftOf,
    measured,
  });
}

export function fleetHosts(hosts: Hosts): FleetHost[] {
  return hosts.list().map((row) => ({
    id: row.id,
    name: row.name,
    labels: row.labels,
    cordoned: row.cordoned,
    draining: row.draining,
    down_for_ms: hosts.downFor(row.id),
    inventory: row.inventory,
    observed: hosts.observedSet(row.id),
    gpus: hosts.heartbeat(row.id)?.gpus ?? [],
  }));
}
