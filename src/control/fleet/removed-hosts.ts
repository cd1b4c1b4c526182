/** Hosts that were removed, by the certificates that they may still show. Read into memory at the start. */
import { lte } from "drizzle-orm";
import type { Database } from "../storage/database.ts";
import { type Certified, pinsOf } from "./pins.ts";
import type { Removal } from "./presence.ts";
import { removed_hosts } from "./table.ts";

const sentence = "This host was removed from the fleet. Join again with a new token.";

export const removalOf = (keep_runtimes: boolean): Removal => ({
  details: sentence,
  keep_runtimes,
});

type Transaction = Pick<Database, "insert">;

export class RemovedHosts {
  /** Whether runtimes are kept, by SHA-256 of a certificate. */
  readonly #keeps: Map<string, boolean>;

  constructor(database: Database, now: number) {
    // An expired certificate is refused for that.
    database.delete(removed_hosts).where(lte(removed_hosts.expires_at, now)).run();
    const rows = database.select().from(removed_hosts).all();
    this.#keeps = new Map(rows.map((row) => [row.certificate_sha256, row.keep_runtimes]));
  }

  add(transaction: Transaction, host: Certified & { id: string }, keep_runtimes: boolean): void {
    for (const { sha256, expires_at } of pinsOf(host)) {
      const row = { certificate_sha256: sha256, host_id: host.id, keep_runtimes, expires_at };
      transaction.insert(removed_hosts).values(row).onConflictDoNothing().run();
      this.#keeps.set(sha256, keep_runtimes);
    }
  }

  of(sha256: string | null): Removal | null {
    const keep_runtimes = sha256 === null ? undefined : this.#keeps.get(sha256);
    return keep_runtimes === undefined ? null : removalOf(keep_runtimes);
  }
}
