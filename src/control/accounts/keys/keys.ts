import { and, desc, eq, getTableColumns, isNull } from "drizzle-orm";
import type { Identity } from "../../../shared/access.ts";
import { badKey, badRequest, Failure, forbidden, notFound } from "../../../shared/failure.ts";
import { newId } from "../../../shared/identifier.ts";
import { checkedLimits, type LimitFields, noLimits } from "../../../shared/limits/fields.ts";
import { checkedCidrs, withinNetworks } from "../../../shared/limits/networks.ts";
import type { Database } from "../../storage/database.ts";
import { users } from "../users/table.ts";
import { api_keys } from "./table.ts";
import { looksLikeToken, newToken, shownParts } from "./token.ts";

export type KeyScope = "inference" | "admin";

/** A key as it may be shown: all but its hash. */
export interface KeyView extends LimitFields {
  id: string;
  name: string;
  /** First 10 characters of the key. */
  prefix: string;
  last4: string;
  scope: KeyScope;
  user_id: string;
  user_email: string;
  /** Null: from anywhere. */
  allowed_cidrs: readonly string[] | null;
  created_at: number;
  /** Null: never. */
  expires_at: number | null;
  revoked_at: number | null;
}

/** What the request path knows of a key. */
export type KeyRecord = Readonly<
  Pick<KeyView, "id" | "prefix" | "user_id" | "scope" | "expires_at"> & {
    limits: LimitFields;
    /** Whether it may be used from an address; null: from anywhere. */
    allows: ((address: string) => boolean) | null;
  }
>;

export interface KeyChanges extends Partial<LimitFields> {
  name?: string;
  expires_at?: number | null;
  allowed_cidrs?: readonly string[] | null;
}

export interface NewKey extends KeyChanges {
  name: string;
  scope?: KeyScope;
}

/** Who asks: members reach their own keys, admins all. */
export type KeyCaller = Pick<Identity, "user_id" | "role">;

export interface KeysParts {
  now(): number;
  /** Aborts what this key streams right now; returns how many streams that were. */
  cut(key_id: string): number;
  /** Called after every committed change. */
  changed(): void;
}

type Row = typeof api_keys.$inferSelect;

/**
 * API keys. Every key that is not revoked is in memory under its SHA-256, changed in the same turn as
 * the database: there is no cache time, a revoked key fails from the next `verify` on.
 */
export class Keys {
  readonly #database: Database;
  readonly #parts: KeysParts;
  readonly #live = new Map<string, KeyRecord>();

  constructor(database: Database, parts: KeysParts) {
    this.#database = database;
    this.#parts = parts;
    const rows = database.select().from(api_keys).where(isNull(api_keys.revoked_at)).all();
    for (const row of rows) this.#live.set(row.hash, recordOf(row));
  }

  /** Throws the same `badKey()` for malformed, unknown, revoked and expired keys. NOW in milliseconds. */
  verify(token: string, now: number): KeyRecord {
    const record = looksLikeToken(token) ? this.#live.get(hashOf(token)) : undefined;
    if (record === undefined || (record.expires_at !== null && record.expires_at <= now)) {
      throw badKey();
    }
    return record;
  }

  /** Creates a key for the caller. `key` is the only time that its text is seen. */
  issue(caller: KeyCaller, wanted: NewKey): KeyView & { key: string } {
    const scope = wanted.scope ?? "inference";
    if (scope === "admin" && caller.role !== "admin") {
      throw forbidden("Only an admin may create a key with the scope admin.");
    }
    const key = newToken();
    const row: Row = {
      id: newId("key"),
      name: checkedName(wanted.name),
      hash: hashOf(key),
      ...shownParts(key),
      user_id: caller.user_id,
      scope,
      ...checkedLimits(wanted, noLimits),
      allowed_cidrs: checkedCidrs(wanted.allowed_cidrs ?? null),
      created_at: this.#parts.now(),
      expires_at: this.#checkedExpiry(wanted.expires_at ?? null),
      revoked_at: null,
    };
    this.#database.insert(api_keys).values(row).run();
    this.#live.set(row.hash, recordOf(row));
    this.#parts.changed();
    return { ...this.#view(row.id), key };
  }

  /** The caller's keys, newest first; an admin gets everybody's. */
  list(caller: KeyCaller): KeyView[] {
    const own = caller.role === "admin" ? undefined : eq(api_keys.user_id, caller.user_id);
    return this.#views().where(own).orderBy(desc(api_keys.created_at), desc(api_keys.id)).all();
  }

  update(caller: KeyCaller, id: string, changes: KeyChanges): KeyView {
    const row = this.#reachable(caller, id);
    if (row.revoked_at !== null) {
      throw new Failure(409, "This key is revoked and stays so. Create a new one.", {
        code: "key_revoked",
      });
    }
    const name = checkedName(changes.name ?? row.name);
    const expires_at =
      changes.expires_at === undefined ? row.expires_at : this.#checkedExpiry(changes.expires_at);
    const { allowed_cidrs = row.allowed_cidrs } = changes;
    const changed = {
      ...checkedLimits(changes, row),
      name,
      expires_at,
      allowed_cidrs: checkedCidrs(allowed_cidrs),
    };
    this.#database.update(api_keys).set(changed).where(eq(api_keys.id, id)).run();
    this.#live.set(row.hash, recordOf({ ...row, ...changed }));
    this.#parts.changed();
    return this.#view(id);
  }

  /** Committed before it returns, and repeatable. */
  revoke(caller: KeyCaller, id: string): { id: string; revoked_at: number; streams_cut: number } {
    const row = this.#reachable(caller, id);
    const revoked_at = row.revoked_at ?? this.#parts.now();
    const streams_cut = row.revoked_at === null ? this.#revoke([row], revoked_at) : 0;
    return { id, revoked_at, streams_cut };
  }

  /** Revokes every key of a user; returns how many streams were cut. */
  revokeOf(user_id: string): number {
    const theirs = and(eq(api_keys.user_id, user_id), isNull(api_keys.revoked_at));
    const rows = this.#database.select().from(api_keys).where(theirs).all();
    return this.#revoke(rows, this.#parts.now());
  }

  #revoke(rows: readonly Row[], revoked_at: number): number {
    if (rows.length === 0) return 0;
    this.#database.transaction((tx) => {
      for (const { id } of rows) {
        tx.update(api_keys).set({ revoked_at }).where(eq(api_keys.id, id)).run();
      }
    });
    for (const { hash } of rows) this.#live.delete(hash);
    const streams_cut = rows.reduce((sum, { id }) => sum + this.#parts.cut(id), 0);
    this.#parts.changed();
    return streams_cut;
  }

  /** Somebody else's key is as unknown as one that never was. */
  #reachable(caller: KeyCaller, id: string): Row {
    const row = this.#database.select().from(api_keys).where(eq(api_keys.id, id)).get();
    if (row && (caller.role === "admin" || row.user_id === caller.user_id)) return row;
    throw notFound("There is no key with this id. GET /api/keys lists yours.");
  }

  #checkedExpiry(expires_at: number | null): number | null {
    if (expires_at === null) return null;
    if (Number.isSafeInteger(expires_at) && expires_at > this.#parts.now()) return expires_at;
    throw badRequest(
      "`expires_at` is a time in the future, in milliseconds since 1970, or null for never.",
      "expires_at",
    );
  }

  #view(id: string): KeyView {
    const view = this.#views().where(eq(api_keys.id, id)).get();
    if (!view) throw new Error(`key ${id} vanished while it was changed`);
    return view;
  }

  #views() {
    return this.#database
      .select({ ...shown, user_email: users.email })
      .from(api_keys)
      .innerJoin(users, eq(users.id, api_keys.user_id));
  }
}

const { hash: _secret, ...shown } = getTableColumns(api_keys);

function hashOf(token: string): string {
  return Bun.SHA256.hash(token, "hex");
}

function recordOf(row: Row): KeyRecord {
  const { id, prefix, user_id, scope, expires_at, allowed_cidrs } = row;
  return Object.freeze({
    id,
    prefix,
    user_id,
    scope,
    expires_at,
    limits: checkedLimits({}, row),
    allows: allowed_cidrs && withinNetworks(allowed_cidrs),
  });
}

function checkedName(input: string): string {
  const name = input.trim();
  if (name.length > 0 && name.length <= 100 && !/\p{C}/u.test(name)) return name;
  throw badRequest("A key's name has 1 to 100 characters, without line breaks.", "name");
}
