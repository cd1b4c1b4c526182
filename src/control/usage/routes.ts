import { getTableColumns } from "drizzle-orm";
import { Elysia, t } from "elysia";
import type { Guard, Identity } from "../../shared/access.ts";
import type { Database } from "../storage/database.ts";
import { csvBody, csvLine } from "./csv.ts";
import { page_default, usagePage, usagePages } from "./events.ts";
import { listPeriod, type Period } from "./period.ts";
import { summarize, type Whose } from "./rollup.ts";
import { usage } from "./table.ts";
import type { UsageRow } from "./usage-row.ts";

const columns = Object.keys(getTableColumns(usage)) as (keyof UsageRow)[];
const closed = { additionalProperties: false };
const time = t.Optional(t.Numeric());
const by = t.Union([
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
  return new Elysia()
    .derive(({ request }) => ({ whose: whoseFor(guard(request, "viewer")) }))
    .get(
      "/api/usage",
      ({ query, whose }) => summarize(database, query.by ?? "model", periodOf(query), whose, now()),
      { query: t.Object({ by: t.Optional(by), from: time, to: time }, closed) },
    )
    .get(
      "/api/usage/events",
      ({ query: { limit = page_default, before }, whose }) =>
        usagePage(database, { from: 0, to: before ?? now() + 1 }, whose, limit),
      { query: t.Object({ limit: t.Optional(t.Numeric()), before: time }, closed) },
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
      { query: t.Object({ from: time, to: time }, closed) },
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
