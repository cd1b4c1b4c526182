/** The world as the lifecycle looks at it, put together from the domains. */

import type { Hosts } from "../control/fleet/hosts.ts";
import type { Catalog } from "../control/models/catalog/catalog.ts";
import { isPlain } from "../control/models/catalog/run.ts";
import type { Endpoints } from "../control/models/endpoints/endpoints.ts";
import type { Asked } from "../control/models/resolution/artifact.ts";
import type { Resolve } from "../control/models/resolution/resolve.ts";
import type { ElasticModel } from "../control/scheduler/lifecycle/elastic.ts";
import { estimateOf } from "../control/scheduler/lifecycle/elastic-need.ts";
import type { FleetHost, World } from "../control/scheduler/lifecycle/world.ts";
import type { Fit } from "../control/scheduler/placement/fleet.ts";
import type { FindMeasured } from "../control/scheduler/sizing/measured.ts";
import type { Model } from "../control/scheduler/sizing/model.ts";
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

/**
 * What catalog models need. Of older entries nobody has looked at the files: that is done once, beside the
 * loop. Null where they cannot be read here: their hosts will say what is wrong with them.
 */
class ElasticFits {
  /** By model, which is another object after every change. */
  readonly #known = new WeakMap<ElasticModel, Fit>();
  readonly #facts = new Map<string, Model | null | undefined>();
  readonly #resolve: Resolve;
  readonly #trigger: () => void;

  constructor({ resolve, trigger }: Pick<WorldParts, "resolve" | "trigger">) {
    this.#resolve = resolve;
    this.#trigger = trigger;
  }

  of(model: ElasticModel): Fit | null | undefined {
    const known = this.#known.get(model);
    if (known) return known;
    const { model_facts, source, runtime } = model;
    const isOlder = model_facts === null && runtime === "llama-server" && isPlain(source);
    const facts = isOlder ? this.#factsOf(source) : model_facts;
    if (isOlder && !facts) return facts as null | undefined;
    const fit = estimateOf({ ...model, model_facts: facts ?? null });
    this.#known.set(model, fit);
    return fit;
  }

  #factsOf(source: string): Model | null | undefined {
    if (!this.#facts.has(source)) {
      this.#facts.set(source, undefined);
      void this.#findOut(source).then((facts) => {
        this.#facts.set(source, facts);
        this.#trigger();
      });
    }
    return this.#facts.get(source);
  }

  async #findOut(source: string): Promise<Model | null> {
    const asked: Asked = {
      model: source,
      revision: null,
      runtime: "llama-server",
      context: null,
      gpu: { type: null, count: null },
      concurrency: 1,
      env: {},
      args: [],
    };
    try {
      return (await this.#resolve(asked, "", [])).artifact.model;
    } catch {
      return null;
    }
  }
}
