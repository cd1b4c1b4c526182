import { getTableColumns } from "drizzle-orm";
import { t } from "elysia";
import type { Guard, Identity } from "../../shared/access.ts";
import { closed, routesFor, timeInQuery, told, wholeInQuery } from "../route-schema.ts";
import type { Database } from "../storage/database.ts";
import { csvBody, csvLine } from "./csv.ts";
import { page_bounds, page_default, usagePage, usagePages } from "./events.ts";
import { listPeriod, type Period } from "./period.ts";
import { summarize, type Whose } from "./rollup.ts";
import { usage } from "./table.ts";
import type { UsageRow } from "./usage-row.ts";

const columns = Object.keys(getTableColumns(usage)) as (keyof UsageRow)[];
const time = timeInQuery;
/** What usage can be grouped by. */
export const usageBy = t.Union([
  t.Literal("model"),
  t.Literal("key"),
  t.Literal("user"),
  t.Literal("endpoint"),
  t.Literal("minute"),
  t.Literal("hour"),
  t.Literal("day"),
]);

/** Admins see everybody's rows, all others their own. */
export function usageRoutes(database: Database, guard: Guard, now: () => number) {
  return routesFor(guard, "viewer", "Usage")
    .derive(({ caller }) => ({ whose: whoseFor(caller) }))
    .get(
      "/api/usage",
      ({ query, whose }) => summarize(database, query.by ?? "model", periodOf(query), whose, now()),
      {
        ...told(
          "Sum up usage by model, key, user, endpoint or time; others than admins get their own.",
        ),
        query: t.Object({ by: t.Optional(usageBy), from: time, to: time }, closed),
      },
    )
    .get(
      "/api/usage/events",
      ({ query: { limit = page_default, before }, whose }) =>
        usagePage(database, { from: 0, to: before ?? now() + 1 }, whose, limit),
      {
        ...told(
          "List requests, the newest first. `next_before` of one page is `before` of the next.",
        ),
        query: t.Object({ limit: wholeInQuery(page_bounds), before: time }, closed),
      },
    )
    .get(
      "/api/usage.csv",
      ({ query, whose }) => {
        const period = listPeriod(periodOf(query), now());
        return new Response(csvBody(csvOf(usagePages(database, period, whose))), {
          headers: {
            "content-type": "text/csv; charset=utf-8",
            "content-disposition": 'attachment; filename="usage.csv"',
          },
        });
      },
      {
        ...told("Download the requests of a period as CSV.", { 200: "The rows." }, "text/csv"),
        query: t.Object({ from: time, to: time }, closed),
      },
    );
}

function whoseFor(caller: Identity): Whose {
  return caller.role === "admin" ? null : caller.email;
}

function periodOf({
  from,
  to,
}: {
  from?: number | undefined;
  to?: number | undefined;
}): Partial<Period> {
  return { ...(from !== undefined && { from }), ...(to !== undefined && { to }) };
}

function* csvOf(pages: Iterable<UsageRow[]>): Generator<string, void, void> {
  yield csvLine(columns);
  for (const rows of pages) yield rows.map((row) => csvLine(columns.map((c) => row[c]))).join("");
}
