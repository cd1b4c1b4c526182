/** `Idempotency-Key`s of provisions, each for a day. */
import { and, eq, lt } from "drizzle-orm";
import type { Database } from "../../storage/database.ts";
import { provision_keys } from "./table.ts";

export interface ProvisionKey {
  key: string;
  user_id: string;
  request_sha256: string;
  endpoint_id: string;
}

const kept_ms = 24 * 3_600_000;

/** For the transaction that creates the endpoint. Keys that are too old go. */
export function keepProvisionKey(
  database: Pick<Database, "insert" | "delete">,
  row: ProvisionKey,
  now: number,
): void {
  database
    .delete(provision_keys)
    .where(lt(provision_keys.created_at, now - kept_ms))
    .run();
  database
    .insert(provision_keys)
    .values({ ...row, created_at: now })
    .run();
}

/** What this user has provisioned with KEY within the last day. */
export function provisionOf(
  database: Database,
  user_id: string,
  key: string,
  now: number,
): ProvisionKey | undefined {
  const row = database
    .select()
    .from(provision_keys)
    .where(and(eq(provision_keys.user_id, user_id), eq(provision_keys.key, key)))
    .get();
  return row && row.created_at >= now - kept_ms ? row : undefined;
}
