/** What was spent this month: read from the rows once, then kept up with each new one. */
import { Spend } from "../limits/spend.ts";
import type { Database } from "../storage/database.ts";
import { renameTeam, spentSince } from "../usage/spent.ts";
import type { UsageLog } from "../usage/usage.ts";
import { clock } from "./clock.ts";

export function composeSpend(database: Database, usage: UsageLog): Spend {
  const { steady } = clock;
  const spend = new Spend(steady());
  for (const sum of spentSince(database, spend.since)) spend.add(sum, steady());
  usage.onRecord((row) => spend.add(row, steady()));
  usage.onAmend(({ before, better }) => {
    spend.add({ ...before, cost: better.cost - before.cost }, steady());
  });
  return spend;
}

/** A team keeps what it has spent when it gets another name, also after a restart. */
export function renameSpender(database: Database, spend: Spend, from: string, to: string): void {
  renameTeam(database, spend.since, from, to);
  spend.rename("team", from, to);
}
