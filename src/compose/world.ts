/** The world as the lifecycle looks at it, put together from the domains. */
import type { Catalog } from "../catalog/catalog.ts";
import type { Endpoints } from "../endpoints/endpoints.ts";
import type { Resolve } from "../artifacts/resolve.ts";
import type { Hosts } from "../fleet/hosts.ts";
import type { ElasticModel } from "../lifecycle/elastic.ts";
import type { FleetHost, World } from "../lifecycle/world.ts";
import type { Fit } from "../placement/fleet.ts";
import { cpu } from "../placement/kinds.ts";
import { measuredFit } from "../placement/measured-fit.ts";
import { fitOf } from "../placement/need.ts";
import type { Routing } from "../routing/routing.ts";
import type { FindMeasured } from "../sizing/measured.ts";

export interface WorldParts {
  catalog: Catalog;
  endpoints: Endpoints;
  hosts: Hosts;
  routing: Pick<Routing, "demand" | "inflight">;
  resolve: Resolve;
  measured: FindMeasured;
  ttftOf(endpoint_id: string): number | null;
  /** Something was found out. */
  nudge(): void;
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
    ...{ ttftOf, measured },
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

/** What catalog models need. Their files are read once, beside the loop. */
class ElasticFits {
  readonly #known = new Map<string, Fit | null | undefined>();
  readonly #resolve: Resolve;
  readonly #measured: FindMeasured;
  readonly #nudge: () => void;

  constructor({ resolve, measured, nudge }: Pick<WorldParts, "resolve" | "measured" | "nudge">) {
    this.#resolve = resolve;
    this.#measured = measured;
    this.#nudge = nudge;
  }

  of(model: ElasticModel): Fit | null | undefined {
    const key = `${model.source} ${model.context_tokens} ${model.slots}`;
    if (!this.#known.has(key)) {
      this.#known.set(key, undefined);
      void this.#findOut(model).then((fit) => {
        this.#known.set(key, fit);
        this.#nudge();
      });
    }
    return this.#known.get(key);
  }

  /** Null too when the source cannot be read here: its hosts will say what is wrong with it. */
  async #findOut({ source, context_tokens, slots }: ElasticModel): Promise<Fit | null> {
    const gpu = { type: null, count: null };
    const spec = {
      ...{ model: source, revision: null, task: null, runtime: "llama-server" as const, gpu },
      ...{ context: context_tokens, concurrency: slots, min_replicas: 1, max_replicas: 1 },
      ...{ idle_timeout_s: null, cold_start: "hold" as const, visibility: "team" as const },
      ...{ labels: {}, env: {}, args: [] },
    };
    try {
      const { artifact } = await this.#resolve(spec, "", []);
      const { model, runtime } = artifact;
      const estimate = model && fitOf({ model, runtime, context_tokens, concurrency: slots, gpu });
      return (
        estimate &&
        measuredFit(estimate, false, (kind) =>
          this.#measured({
            ...{ source, runtime, context: context_tokens, slots, gpu: kind },
            ...{ gpus: kind === cpu ? 0 : 1, args: [], env: {} },
          }),
        )
      );
    } catch {
      return null;
    }
  }
}
