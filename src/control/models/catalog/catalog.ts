import { eq } from "drizzle-orm";
import { Failure, notFound } from "../../../shared/failure.ts";
import { newId } from "../../../shared/identifier.ts";
import type { Database } from "../../storage/database.ts";
import type { Secrets } from "../../storage/secrets.ts";
import type { Entry, Model, Run } from "./entry.ts";
import { models } from "./table.ts";

type Row = typeof models.$inferSelect;

export interface NewCatalogModel {
  entry: Entry;
  run: Run;
  /** Empty for none. */
  hf_token: string;
}

export interface CatalogChange {
  entry: Entry;
  run: Run;
  /** Empty clears it; absent, it stays. */
  hf_token?: string;
  /** Replicas that have failed are to start afresh. */
  retry: boolean;
}

/**
 * Which models the shared models serve, under which names. All are in memory: a request never reads
 * the database to find its model. Every change is committed before memory changes and listeners hear.
 */
export class Catalog {
  readonly #database: Database;
  readonly #secrets: Secrets;
  readonly #now: () => number;
  readonly #models: Map<string, Model>;
  /** Sealed. */
  readonly #tokens = new Map<string, string>();
  readonly #listeners = new Set<() => void>();

  constructor(database: Database, secrets: Secrets, now: () => number) {
    this.#database = database;
    this.#secrets = secrets;
    this.#now = now;
    const rows = database.select().from(models).orderBy(models.created_at, models.id).all();
    this.#models = new Map(rows.map((row) => [row.id, modelOf(row)]));
    for (const { id, hf_token_sealed } of rows) this.#rememberToken(id, hf_token_sealed);
  }

  /** Oldest first, also the ones that are not enabled. */
  list(): Model[] {
    return [...this.#models.values()];
  }

  /** By id (`mdl_...`) or by name. */
  find(idOrName: string): Model | undefined {
    return this.#models.get(idOrName) ?? this.list().find(({ name }) => name === idOrName);
  }

  /** Throws 404. */
  existing(idOrName: string): Model {
    const model = this.find(idOrName);
    if (model) return model;
    throw notFound("There is no such shared model. GET /api/models lists them.");
  }

  /** Throws 409 when the name is taken. */
  create({ entry, run, hf_token }: NewCatalogModel): Model {
    this.refuseTaken(entry.name);
    const now = this.#now();
    const model: Model = { id: newId("mdl"), ...entry, ...run, created_at: now, changed_at: now };
    const hf_token_sealed = this.#sealed(model.id, hf_token);
    this.#database
      .insert(models)
      .values({ ...model, hf_token_sealed })
      .run();
    return this.#keep(model, hf_token_sealed);
  }

  update(idOrName: string, { entry, run, hf_token, retry }: CatalogChange): Model {
    const before = this.existing(idOrName);
    const { id, created_at } = before;
    this.refuseTaken(entry.name, id);
    const { source, runtime, context_tokens, model_facts } = run;
    const changed_at = retry ? this.#now() : before.changed_at;
    const runs = { source, runtime, context_tokens, model_facts };
    const model: Model = { id, ...entry, ...runs, created_at, changed_at };
    const hf_token_sealed =
      hf_token === undefined ? (this.#tokens.get(id) ?? null) : this.#sealed(id, hf_token);
    this.#database
      .update(models)
      .set({ ...model, hf_token_sealed })
      .where(eq(models.id, id))
      .run();
    return this.#keep(model, hf_token_sealed);
  }

  remove(idOrName: string): void {
    const { id } = this.existing(idOrName);
    this.#database.delete(models).where(eq(models.id, id)).run();
    this.#models.delete(id);
    this.#tokens.delete(id);
    for (const listener of this.#listeners) listener();
  }

  /** In the clear; empty without one, and for one that the key file does not open any more: the hub's refusal says what to set again. */
  tokenOf(id: string): string {
    const sealed = this.#tokens.get(id);
    if (sealed === undefined) return "";
    try {
      return this.#secrets.open(sealed, aboutToken(id));
    } catch {
      return "";
    }
  }

  hasToken(id: string): boolean {
    return this.#tokens.has(id);
  }

  /** LISTENER is called after every committed change. */
  onChange(listener: () => void): void {
    this.#listeners.add(listener);
  }

  /** Throws 409 when another model than EXCEPTID has this name. */
  refuseTaken(name: string, exceptId?: string): void {
    if (!this.list().some((model) => model.name === name && model.id !== exceptId)) return;
    throw new Failure(409, `There already is a shared model named ${name}.`, {
      code: "model_exists",
      param: "name",
    });
  }

  #keep(model: Model, hf_token_sealed: string | null): Model {
    this.#models.set(model.id, model);
    this.#rememberToken(model.id, hf_token_sealed);
    for (const listener of this.#listeners) listener();
    return model;
  }

  #rememberToken(id: string, sealed: string | null): void {
    if (sealed === null) this.#tokens.delete(id);
    else this.#tokens.set(id, sealed);
  }

  #sealed(id: string, hf_token: string): string | null {
    return hf_token === "" ? null : this.#secrets.seal(hf_token, aboutToken(id));
  }
}

/** A sealed token opens only in the row that it was sealed for. */
const aboutToken = (id: string): string => `model.hf_token.${id}`;

function modelOf({ hf_token_sealed: _, asked, gpu, ...row }: Row): Model {
  const { source, runtime, context_tokens } = row;
  return {
    ...row,
    asked: asked ?? { source, revision: null, runtime, context_tokens },
    gpu: gpu ?? { type: null, count: null },
  };
}
