import { and, eq, gt, gte, lt, max, sql } from "drizzle-orm";
import type { Database } from "../storage/database.ts";
import { usage } from "./table.ts";

/** What cost something in FROM <= at < TO, summed by key, user and team; `at` is that of the newest row. */
export function spentBetween(database: Database, from: number, to: number) {
  return database
    .select({
      at: sql<number>`${max(usage.at)}`,
      key_prefix: usage.key_prefix,
      user: usage.user,
      team: usage.team,
      cost: sql<number>`sum(${usage.cost})`,
    })
    .from(usage)
    .where(and(gte(usage.at, from), lt(usage.at, to), gt(usage.cost, 0)))
    .groupBy(usage.key_prefix, usage.user, usage.team)
    .all();
}

/** The rows since a time go over to a team's new name, and with them what it has spent. */
export function renameTeam(database: Database, since: number, from: string, to: string): void {
  const rows = and(gte(usage.at, since), eq(usage.team, from));
  database.update(usage).set({ team: to }).where(rows).run();
}
