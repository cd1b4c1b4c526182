import { eq } from "drizzle-orm";
import { Failure, notFound } from "../failure.ts";
import { newId } from "../identifier.ts";
import type { Database } from "../storage/database.ts";
import { checkedEntry, type Entry, type Model, type ModelInput } from "./entry.ts";
import { models } from "./table.ts";

/**
 * Which models the shared pool serves, under which names. All are in memory: a request never reads
 * the database to find its model. Every change is committed before memory changes and listeners hear.
 */
export class Catalog {
  readonly #database: Database;
  readonly #now: () => number;
  readonly #models: Map<string, Model>;
  readonly #listeners = new Set<() => void>();

  constructor(database: Database, now: () => number) {
    this.#database = database;
    this.#now = now;
    const rows = database.select().from(models).orderBy(models.created_at, models.id).all();
    this.#models = new Map(rows.map((row) => [row.id, row]));
  }

  /** Oldest first, also the ones that are not enabled. */
  list(): Model[] {
    return [...this.#models.values()];
  }

  /** By id (`mdl_...`) or by name. */
  find(idOrName: string): Model | undefined {
    return this.#models.get(idOrName) ?? this.list().find(({ name }) => name === idOrName);
  }

  create(input: ModelInput): Model {
    const entry = checkedEntry(input);
    this.#refuseDuplicate(entry);
    const model = { id: newId("mdl"), ...entry, created_at: this.#now() };
    this.#database.insert(models).values(model).run();
    return this.#keep(model);
  }

  update(idOrName: string, changes: Partial<ModelInput>): Model {
    const before = this.#existing(idOrName);
    const { id, created_at, ...current } = before;
    const entry = checkedEntry({ ...current, ...changes });
    this.#refuseDuplicate(entry, id);
    this.#database.update(models).set(entry).where(eq(models.id, id)).run();
    return this.#keep({ id, ...entry, created_at });
  }

  remove(idOrName: string): void {
    const { id } = this.#existing(idOrName);
    this.#database.delete(models).where(eq(models.id, id)).run();
    this.#models.delete(id);
    for (const listener of this.#listeners) listener();
  }

  /** LISTENER is called after every committed change. */
  onChange(listener: () => void): void {
    this.#listeners.add(listener);
  }

  #keep(model: Model): Model {
    this.#models.set(model.id, model);
    for (const listener of this.#listeners) listener();
    return model;
  }

  #existing(idOrName: string): Model {
    const model = this.find(idOrName);
    if (model) return model;
    throw notFound("There is no such model in the catalog. GET /api/models lists them.");
  }

  #refuseDuplicate({ name }: Entry, exceptId?: string): void {
    if (!this.list().some((model) => model.name === name && model.id !== exceptId)) return;
    throw new Failure(409, `The catalog already has a model named ${name}.`, {
      code: "model_exists",
      param: "name",
    });
  }
}
