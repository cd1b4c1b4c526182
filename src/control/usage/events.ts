import { desc } from "drizzle-orm";
import type { Database } from "../storage/database.ts";
import { whole } from "../whole.ts";
import type { Period } from "./period.ts";
import { type Whose, within } from "./rollup.ts";
import { usage } from "./table.ts";
import type { UsageRow } from "./usage-row.ts";

export interface UsagePage {
  data: UsageRow[];
  /** The next page's `before`; null on the last page. */
  next_before: number | null;
}

export const page_default = 100;
const page_max = 1000;
export const page_bounds = [1, page_max] as const;

/**
 * The newest rows of the period, newest first. Rows that share the last row's millisecond all belong
 * to the page, so a page may be longer than LIMIT: a cursor that is a time loses and doubles none.
 */
export function usagePage(
  database: Database,
  period: Period,
  whose: Whose,
  limit: number,
): UsagePage {
  whole("limit", limit, ...page_bounds);
  const wanted = within(period, whose);
  const last = database
    .select({ at: usage.at })
    .from(usage)
    .where(wanted)
    .orderBy(desc(usage.at))
    .limit(1)
    .offset(limit - 1)
    .get();
  const data = database
    .select()
    .from(usage)
    .where(last ? within({ ...period, from: last.at }, whose) : wanted)
    .orderBy(desc(usage.at), desc(usage.id))
    .all();
  return { data, next_before: last?.at ?? null };
}

/** All pages of the period, each read when it is asked for. */
export function* usagePages(
  database: Database,
  period: Period,
  whose: Whose,
): Generator<UsageRow[], void, void> {
  let to = period.to;
  for (;;) {
    const { data, next_before } = usagePage(database, { ...period, to }, whose, page_max);
    yield data;
    if (next_before === null) return;
    to = next_before;
  }
}
