import { eq } from "drizzle-orm";
import { notFound } from "../../../shared/failure.ts";
import { newId } from "../../../shared/identifier.ts";
import type { Database } from "../../storage/database.ts";
import {
  type Alias,
  type AliasInput,
  type AliasView,
  checkAlias,
  type Others,
  viewOf,
} from "./alias.ts";
import { aliases } from "./table.ts";

/** What else there is. */
export type Known = Omit<Others, "aliases">;

/** The further names of models, all in memory. A change is committed before listeners hear of it. */
export class Aliases {
  readonly #database: Database;
  readonly #known: Known;
  readonly #now: () => number;
  readonly #aliases: Map<string, Alias>;
  readonly #listeners = new Set<() => void>();

  constructor(database: Database, known: Known, now: () => number) {
    this.#database = database;
    this.#known = known;
    this.#now = now;
    const rows = database.select().from(aliases).orderBy(aliases.created_at, aliases.id).all();
    this.#aliases = new Map(rows.map((row) => [row.id, row]));
  }

  /** Oldest first. */
  list(): Alias[] {
    return [...this.#aliases.values()];
  }

  view(alias: Alias): AliasView {
    return viewOf(alias, this.#known);
  }

  create({ name, targets, fallbacks = [] }: AliasInput): Alias {
    const fields = { name, targets, fallbacks };
    checkAlias(fields, this.#others());
    const alias = { id: newId("als"), ...fields, created_at: this.#now() };
    this.#database.insert(aliases).values(alias).run();
    return this.#keep(alias);
  }

  update(id: string, changes: Partial<AliasInput>): Alias {
    const alias = { ...this.#existing(id), ...changes };
    checkAlias(alias, this.#others(id));
    const { name, targets, fallbacks } = alias;
    this.#database
      .update(aliases)
      .set({ name, targets, fallbacks })
      .where(eq(aliases.id, id))
      .run();
    return this.#keep(alias);
  }

  remove(id: string): void {
    this.#existing(id);
    this.#database.delete(aliases).where(eq(aliases.id, id)).run();
    this.#aliases.delete(id);
    this.#tell();
  }

  /** LISTENER is called after every committed change. */
  onChange(listener: () => void): void {
    this.#listeners.add(listener);
  }

  #keep(alias: Alias): Alias {
    this.#aliases.set(alias.id, alias);
    this.#tell();
    return alias;
  }

  #tell(): void {
    for (const listener of this.#listeners) listener();
  }

  #existing(id: string): Alias {
    const alias = this.#aliases.get(id);
    if (alias) return alias;
    throw notFound("There is no such alias. GET /api/aliases lists them.");
  }

  #others(exceptId?: string): Others {
    return { ...this.#known, aliases: this.list().filter(({ id }) => id !== exceptId) };
  }
}
