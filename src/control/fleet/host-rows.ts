/**
 * The hosts' rows: all of them in memory, which answers, and on the disk for the next start. What people
 * decide is committed first. What a host says of itself is only remembered: a full disk or a locked database
 * must turn no host away, so it is written with what is saved next.
 */
import { eq } from "drizzle-orm";
import { notFound } from "../../shared/failure.ts";
import type { Database } from "../storage/database.ts";
import { hosts } from "./table.ts";

export type HostRow = typeof hosts.$inferSelect;

export class HostRows {
  readonly #database: Database;
  readonly #rows: Map<string, HostRow>;
  /** By host, what the disk has not taken. */
  readonly #owed = new Map<string, Partial<HostRow>>();
  readonly #report: (error: unknown) => void;

  /** REPORT hears of the first write that fails, and of the next one after a success. */
  constructor(database: Database, report: (error: unknown) => void) {
    this.#database = database;
    this.#report = report;
    const rows = database.select().from(hosts).all();
    this.#rows = new Map(rows.map((row) => [row.id, row]));
  }

  all(): HostRow[] {
    return [...this.#rows.values()];
  }

  has(id: string): boolean {
    return this.#rows.has(id);
  }

  get(id: string): HostRow | undefined {
    return this.#rows.get(id);
  }

  find(id: string): HostRow {
    const row = this.#rows.get(id);
    if (!row) throw notFound("There is no host with this id. GET /api/hosts lists them.");
    return row;
  }

  /** Reads what enrolment has added. */
  readNew(): void {
    for (const row of this.#database.select().from(hosts).all()) {
      if (!this.#rows.has(row.id)) this.#rows.set(row.id, row);
    }
  }

  /** Committed when it returns; throws when it could not be. */
  save(id: string, changes: Partial<HostRow>): void {
    const row = this.find(id);
    const all = { ...this.#owed.get(id), ...changes };
    this.#database.update(hosts).set(all).where(eq(hosts.id, id)).run();
    this.#owed.delete(id);
    this.#rows.set(id, { ...row, ...changes });
  }

  /** Throws only when there is no such host. Waits for no lock to speak of: everything else would wait with it. */
  remember(id: string, changes: Partial<HostRow>): void {
    const row = this.find(id);
    const { $client } = this.#database;
    const patience_ms = $client.pragma("busy_timeout", { simple: true });
    try {
      $client.pragma("busy_timeout = 50");
      this.save(id, changes);
    } catch (error) {
      if (this.#owed.size === 0) this.#report(error);
      this.#owed.set(id, { ...this.#owed.get(id), ...changes });
      this.#rows.set(id, { ...row, ...changes });
    } finally {
      $client.pragma(`busy_timeout = ${patience_ms}`);
    }
  }

  /** In one transaction with what ALSO writes of the row. */
  remove(id: string, also: (transaction: Pick<Database, "insert">, row: HostRow) => void): void {
    const row = this.find(id);
    this.#database.transaction((transaction) => {
      transaction.delete(hosts).where(eq(hosts.id, id)).run();
      also(transaction, row);
    });
    this.#rows.delete(id);
    this.#owed.delete(id);
  }
}
