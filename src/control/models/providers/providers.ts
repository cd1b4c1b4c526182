import { eq } from "drizzle-orm";
import { badRequest, Failure, notFound } from "../../../shared/failure.ts";
import { newId } from "../../../shared/identifier.ts";
import type { Database } from "../../storage/database.ts";
import type { Secrets } from "../../storage/secrets.ts";
import {
  checkedKey,
  checkedProvider,
  type ProviderEntry,
  type ProviderInput,
  type ProviderRow,
} from "./provider.ts";
import { providers } from "./table.ts";

const defaults = { enabled: true, slots: 16, models: [] };

/**
 * Services elsewhere that take a part of the requests for shared models. All are in memory; every change is
 * committed before memory changes and listeners hear. Keys stay sealed, also there.
 */
export class Providers {
  readonly #database: Database;
  readonly #secrets: Secrets;
  readonly #now: () => number;
  readonly #known: Map<string, ProviderRow>;
  readonly #listeners = new Set<() => void>();

  constructor(database: Database, secrets: Secrets, now: () => number) {
    this.#database = database;
    this.#secrets = secrets;
    this.#now = now;
    const rows = database.select().from(providers).orderBy(providers.created_at, providers.id);
    this.#known = new Map(rows.all().map((row) => [row.id, row]));
  }

  /** Oldest first. */
  list(): ProviderRow[] {
    return [...this.#known.values()];
  }

  existing(id: string): ProviderRow {
    const row = this.#known.get(id);
    if (!row) throw notFound("There is no provider with this id. GET /api/providers lists them.");
    return row;
  }

  /** Empty when it has none. Throws a Failure when the key file is another than the one it was sealed with. */
  keyOf({ id, key }: ProviderRow): string {
    return key === "" ? "" : this.#secrets.open(key, about(id));
  }

  create({ api_key = "", ...input }: ProviderInput): ProviderRow {
    const entry = checkedProvider({ ...defaults, ...input });
    this.#refuseDuplicate(entry);
    const id = newId("prv");
    const row = { id, ...entry, key: this.#sealed(id, api_key), created_at: this.#now() };
    this.#database.insert(providers).values(row).run();
    return this.#keep(row);
  }

  /** Without `api_key` it stays; an empty one removes it. */
  update(id: string, { api_key, ...changes }: Partial<ProviderInput>): ProviderRow {
    const before = this.existing(id);
    const entry = checkedProvider({ ...before, ...changes });
    this.#refuseDuplicate(entry, id);
    refuseElsewhere(before, entry, api_key);
    const key = api_key === undefined ? before.key : this.#sealed(id, api_key);
    const row = { ...before, ...entry, key };
    this.#database.update(providers).set(row).where(eq(providers.id, id)).run();
    return this.#keep(row);
  }

  remove(id: string): void {
    this.existing(id);
    this.#database.delete(providers).where(eq(providers.id, id)).run();
    this.#known.delete(id);
    for (const listener of this.#listeners) listener();
  }

  /** LISTENER is called after every committed change. */
  onChange(listener: () => void): void {
    this.#listeners.add(listener);
  }

  #sealed(id: string, api_key: string): string {
    const key = checkedKey(api_key);
    return key === "" ? "" : this.#secrets.seal(key, about(id));
  }

  #keep(row: ProviderRow): ProviderRow {
    this.#known.set(row.id, row);
    for (const listener of this.#listeners) listener();
    return row;
  }

  #refuseDuplicate({ name }: ProviderEntry, exceptId?: string): void {
    if (!this.list().some((row) => row.name === name && row.id !== exceptId)) return;
    throw new Failure(409, `There is a provider named ${name} already.`, {
      code: "provider_exists",
      param: "name",
    });
  }
}

/** A key is for the service that it was entered for: another address must not get it unseen. */
function refuseElsewhere(before: ProviderRow, after: ProviderEntry, api_key?: string): void {
  const isSame = new URL(before.base_url).origin === new URL(after.base_url).origin;
  if (isSame || before.key === "" || api_key !== undefined) return;
  throw badRequest("With another address, `api_key` must be entered again.", "api_key");
}

const about = (id: string): string => `providers.${id}.key`;
