/** What was spent this month: read from the rows when a month begins, then kept up with each new one. */

import type { Database } from "../control/storage/database.ts";
import { renameTeam, spentBetween } from "../control/usage/spent.ts";
import type { UsageLog } from "../control/usage/usage.ts";
import { monthStart, Spend } from "../gateway/limits/spend.ts";
import { clock } from "./clock.ts";

export function composeSpend(database: Database, usage: UsageLog): Spend {
  const spend = new Spend((from, to) => spentBetween(database, from, to));
  // Before the first request: it should not wait for a month's rows.
  spend.turn(clock.now());
  usage.onRecord((row) => spend.add(row));
  usage.onAmend(({ before, better }) => {
    spend.add({ ...before, cost: better.cost - before.cost });
  });
  return spend;
}

/** A team keeps what it has spent when it gets another name, also after a restart. */
export function renameSpender(database: Database, spend: Spend, from: string, to: string): void {
  renameTeam(database, monthStart(clock.now()), from, to);
  spend.rename("team", from, to);
}
