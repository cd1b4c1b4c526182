import { and, eq, gt, gte, max, sql } from "drizzle-orm";
import type { Database } from "../storage/database.ts";
import { usage } from "./table.ts";

/** What cost something since a time, summed by key, user and team; `at` is that of the newest row. */
export function spentSince(database: Database, since: number) {
  return database
    .select({
      at: sql<number>`${max(usage.at)}`,
      key_prefix: usage.key_prefix,
      user: usage.user,
      team: usage.team,
      cost: sql<number>`sum(${usage.cost})`,
    })
    .from(usage)
    .where(and(gte(usage.at, since), gt(usage.cost, 0)))
    .groupBy(usage.key_prefix, usage.user, usage.team)
    .all();
}

/** The rows since a time go over to a team's new name, and with them what it has spent. */
export function renameTeam(database: Database, since: number, from: string, to: string): void {
  const rows = and(gte(usage.at, since), eq(usage.team, from));
  database.update(usage).set({ team: to }).where(rows).run();
}
