import { eq, lte } from "drizzle-orm";
import { randomBase62 } from "../../../shared/identifier.ts";
import type { Database } from "../../storage/database.ts";
import { sessions } from "./table.ts";

const hour_ms = 3_600_000;
const idle_ms = 12 * hour_ms;
const longest_ms = 7 * 24 * hour_ms;
/** Using a session writes to the database only when that moves its end by at least this much. */
const slide_step_ms = 10 * 60_000;
/** 43 base62 characters carry 256 bits. */
const token_length = 43;

type Session = typeof sessions.$inferSelect;

/**
 * Dashboard sessions: 12 hours from the last use, 7 days at most. All live ones are in memory and
 * every change is written through, so finding one never reads the database.
 */
export class Sessions {
  readonly #database: Database;
  readonly #now: () => number;
  readonly #live: Map<string, Session>;

  constructor(database: Database, now: () => number) {
    this.#database = database;
    this.#now = now;
    database.delete(sessions).where(lte(sessions.expires_at, now())).run();
    const rows = database.select().from(sessions).all();
    this.#live = new Map(rows.map((row) => [row.token_hash, row]));
  }

  /** Returns the token for the cookie; only its hash is kept. */
  start(user_id: string): string {
    this.#forgetExpired();
    const token = randomBase62(token_length);
    const now = this.#now();
    const session = {
      token_hash: hashOf(token),
      user_id,
      created_at: now,
      expires_at: now + idle_ms,
    };
    this.#database.insert(sessions).values(session).run();
    this.#live.set(session.token_hash, session);
    return token;
  }

  /** The user of a live session, which this use prolongs; null for anything else. */
  find(token: string): string | null {
    if (token.length !== token_length) return null;
    const session = this.#live.get(hashOf(token));
    const now = this.#now();
    if (!session || session.expires_at <= now) return null;
    this.#slide(session, now);
    return session.user_id;
  }

  end(token: string): void {
    const token_hash = hashOf(token);
    this.#database.delete(sessions).where(eq(sessions.token_hash, token_hash)).run();
    this.#live.delete(token_hash);
  }

  endAllOf(user_id: string): void {
    this.#database.delete(sessions).where(eq(sessions.user_id, user_id)).run();
    for (const [hash, session] of this.#live) {
      if (session.user_id === user_id) this.#live.delete(hash);
    }
  }

  #slide(session: Session, now: number): void {
    const expires_at = Math.min(now + idle_ms, session.created_at + longest_ms);
    if (expires_at - session.expires_at < slide_step_ms) return;
    session.expires_at = expires_at;
    try {
      const { token_hash } = session;
      const row = eq(sessions.token_hash, token_hash);
      this.#database.update(sessions).set({ expires_at }).where(row).run();
    } catch {
      // A full disk must not sign people out: memory holds the new end, and the next step writes again.
    }
  }

  #forgetExpired(): void {
    const now = this.#now();
    this.#database.delete(sessions).where(lte(sessions.expires_at, now)).run();
    for (const [hash, session] of this.#live) {
      if (session.expires_at <= now) this.#live.delete(hash);
    }
  }
}

function hashOf(token: string): string {
  return Bun.SHA256.hash(token, "hex");
}
