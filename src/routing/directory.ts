import { modelNotFound } from "../failure.ts";
import type { Place } from "./places.ts";
import type { RoutedModel } from "./snapshot.ts";
import type { Traffic } from "./traffic.ts";
import { type Asker, isVisible, refuseElasticTo } from "./visibility.ts";

/** What a name stands for: a model of the shared pool, or an endpoint. */
export interface Target {
  id: string;
  name: string;
  /** Its id again when it is an endpoint, else null. */
  endpoint: string | null;
  /** Milliseconds since the epoch. */
  created_at: number;
}

/** A place on a replica, taken. */
export interface Claimed {
  replica: Place["replica"];
  /** Gives the place back; a second call does nothing. */
  release(): void;
}

/** A model of the snapshot with what is known of it from before. */
export interface Entry {
  model: RoutedModel;
  target: Target;
  places: readonly Place[];
  /** Null for Elastic. */
  traffic: Traffic<Claimed> | null;
}

/** The models that there are, and for whom. */
export class Directory {
  #byId = new Map<string, Entry>();
  #byName = new Map<string, Entry>();

  /** Returns the entries that are gone. */
  replace(entries: readonly Entry[]): Entry[] {
    const before = this.#byId;
    this.#byId = new Map(entries.map((entry) => [entry.target.id, entry]));
    this.#byName = namesOf(entries);
    return [...before.values()].filter(({ target }) => !this.#byId.has(target.id));
  }

  get(id: string): Entry | undefined {
    return this.#byId.get(id);
  }

  find(name: string, asker: Asker): Target {
    const entry = this.#byName.get(name);
    if (!entry) throw modelNotFound(name);
    if (!entry.model.endpoint) refuseElasticTo(asker);
    else if (!isVisible(entry.model.endpoint, asker)) throw modelNotFound(name);
    return entry.target;
  }

  findEndpoint(id: string, asker: Asker): Target {
    const entry = this.#byId.get(id);
    const endpoint = entry?.model.endpoint;
    if (!endpoint || !isVisible(endpoint, asker)) throw modelNotFound(id);
    return entry.target;
  }

  list(asker: Asker): RoutedModel[] {
    const models = [...this.#byId.values()].map(({ model }) => model);
    return models.filter(({ endpoint }) => isVisible(endpoint, asker));
  }
}

/** Who names an endpoint like a model of the shared pool takes nothing away from it; nor does a name an id. */
function namesOf(entries: readonly Entry[]): Map<string, Entry> {
  const names = new Map<string, Entry>();
  for (const entry of entries) if (entry.traffic) names.set(entry.target.name, entry);
  for (const entry of entries) if (entry.traffic) names.set(entry.target.id, entry);
  for (const entry of entries) if (!entry.traffic) names.set(entry.target.name, entry);
  return names;
}
