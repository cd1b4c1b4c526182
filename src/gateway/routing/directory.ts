import { modelNotFound } from "../../shared/failure.ts";
import { type Aliased, aliased, mayUse, targetOf } from "./aliased.ts";
import type { RoutedAlias } from "./snapshot.ts";
import type { Entry, Target } from "./target.ts";
import { type Asker, isVisible, refuseElasticTo } from "./visibility.ts";

/** The models that there are, under which names, and for whom. */
export class Directory {
  readonly #dice: () => number;
  #byId = new Map<string, Entry>();
  #byName = new Map<string, Entry | Aliased>();

  /** DICE: a number from 0 up to 1, for the shares of aliases. */
  constructor(dice: () => number) {
    this.#dice = dice;
  }

  /** Returns the entries that are gone. */
  replace(entries: readonly Entry[], aliases: readonly RoutedAlias[]): Entry[] {
    const before = this.#byId;
    this.#byId = new Map(entries.map((entry) => [entry.target.id, entry]));
    this.#byName = namesOf(entries, aliases);
    return [...before.values()].filter(({ target }) => !this.#byId.has(target.id));
  }

  get(id: string): Entry | undefined {
    return this.#byId.get(id);
  }

  find(name: string, asker: Asker, sticky: string | null): Target {
    const found = this.#byName.get(name);
    if (!found || !this.#isAllowed(name, found, asker)) throw modelNotFound(name);
    if ("alias" in found) {
      const target = targetOf(found, asker, sticky, this.#dice);
      if (!target) throw modelNotFound(name);
      return target;
    }
    if (!found.model.endpoint) refuseElasticTo(asker);
    else if (!isVisible(found.model.endpoint, asker)) throw modelNotFound(name);
    return found.target;
  }

  findEndpoint(id: string, asker: Asker): Target {
    const entry = this.#byId.get(id);
    const endpoint = entry?.model.endpoint;
    if (!endpoint || !isVisible(endpoint, asker)) throw modelNotFound(id);
    if (!this.#isAllowed(id, entry, asker)) throw modelNotFound(id);
    return entry.target;
  }

  /** Every name once: an endpoint whose name means something else has its id. */
  list(asker: Asker): { name: string; created_at: number }[] {
    const list: { name: string; created_at: number }[] = [];
    for (const entry of this.#byId.values()) {
      const { id, name, created_at } = entry.target;
      const shown = this.#byName.get(name) === entry ? name : id;
      if (!isVisible(entry.model.endpoint, asker)) continue;
      if (this.#isAllowed(shown, entry, asker)) list.push({ name: shown, created_at });
    }
    for (const [name, found] of this.#byName) {
      if (!("alias" in found) || !mayUse(found, asker)) continue;
      if (!this.#isAllowed(name, found, asker)) continue;
      list.push({ name, created_at: found.alias.created_at });
    }
    return list;
  }

  /** By NAME, or by the other one of an endpoint, if that means it and nothing else. */
  #isAllowed(name: string, found: Entry | Aliased, { models }: Asker): boolean {
    if (models === null || models.has(name)) return true;
    if ("alias" in found) return false;
    const { target } = found;
    const other = name === target.id ? target.name : target.id;
    return models.has(other) && this.#byName.get(other) === found;
  }
}

/**
 * Who names an endpoint takes no name away from the shared pool, nor from an alias, and no name is an id.
 * An alias leads to names that admins give and to ids, so that nobody gets at its requests by a name.
 */
function namesOf(
  entries: readonly Entry[],
  aliases: readonly RoutedAlias[],
): Map<string, Entry | Aliased> {
  const firm = new Map<string, Entry>();
  for (const entry of entries) if (entry.traffic) firm.set(entry.target.id, entry);
  for (const entry of entries) if (!entry.traffic) firm.set(entry.target.name, entry);
  const names = new Map<string, Entry | Aliased>();
  for (const entry of entries) if (entry.traffic) names.set(entry.target.name, entry);
  for (const alias of aliases)
    names.set(
      alias.name,
      aliased(alias, (name) => firm.get(name)),
    );
  for (const [name, entry] of firm) names.set(name, entry);
  return names;
}
