import { and, count, desc, eq, gte, lt, type SQL, sql } from "drizzle-orm";
import type { SQLiteColumn } from "drizzle-orm/sqlite-core";
import type { Database } from "../storage/database.ts";
import {
  bucket_ms,
  bucketStarts,
  chartPeriod,
  listPeriod,
  type Period,
  type TimeBucket,
} from "./period.ts";
import { usage } from "./table.ts";

export type UsageBy = "model" | "key" | "user" | "endpoint" | TimeBucket;

export interface UsageGroup {
  /**
   * The value that the group shares: a name, or the bucket's start in milliseconds. Null for requests
   * without one: dashboard sessions have no key, elastic requests no endpoint.
   */
  key: string | number | null;
  requests: number;
  /** Answers with a status of 400 and above, without those that the client broke off itself (499). */
  errors: number;
  prompt_tokens: number;
  completion_tokens: number;
  cached_tokens: number;
  cost: number;
}

export interface UsageSummary extends Period {
  by: UsageBy;
  data: UsageGroup[];
}

const columns: Record<Exclude<UsageBy, TimeBucket>, SQLiteColumn> = {
  model: usage.model,
  key: usage.key_prefix,
  user: usage.user,
  endpoint: usage.endpoint,
};
const groups_max = 1000;

const total = (column: SQLiteColumn) => sql<number>`sum(${column})`;
const sums = {
  requests: count(),
  errors: sql<number>`sum(${usage.status} >= 400 and ${usage.status} <> 499)`,
  prompt_tokens: total(usage.prompt_tokens),
  completion_tokens: total(usage.completion_tokens),
  cached_tokens: total(usage.cached_tokens),
  cost: total(usage.cost),
};
const nothing = {
  requests: 0,
  errors: 0,
  prompt_tokens: 0,
  completion_tokens: 0,
  cached_tokens: 0,
  cost: 0,
};

/** Whose rows count: one user's, or everybody's when null. */
export type Whose = string | null;

/** Narrows what is summed: to one endpoint. */
export interface Only {
  endpoint?: string;
}

/** Sums per group. Time buckets are in order and without gaps, other groups by requests, at most 1000. */
export function summarize(
  database: Database,
  by: UsageBy,
  asked: Partial<Period>,
  whose: Whose,
  now: number,
  only: Only = {},
): UsageSummary {
  if (by === "minute" || by === "hour" || by === "day") {
    const period = chartPeriod(by, asked, now);
    return { by, ...period, data: inBuckets(database, by, period, within(period, whose, only)) };
  }
  const period = listPeriod(asked, now);
  const data = database
    .select({ key: sql<string | null>`${columns[by]}`, ...sums })
    .from(usage)
    .where(within(period, whose, only))
    .groupBy(columns[by])
    .orderBy(desc(sums.requests), columns[by])
    .limit(groups_max)
    .all();
  return { by, ...period, data };
}

function inBuckets(
  database: Database,
  bucket: TimeBucket,
  period: Period,
  rows: SQL | undefined,
): UsageGroup[] {
  const size = sql.raw(String(bucket_ms[bucket]));
  const start = sql<number>`${usage.at} / ${size} * ${size}`;
  const found = database
    .select({ key: start, ...sums })
    .from(usage)
    .where(rows)
    .groupBy(start)
    .all();
  const byStart = new Map(found.map((group) => [group.key, group]));
  return bucketStarts(bucket, period).map((key) => byStart.get(key) ?? { key, ...nothing });
}

export function within(
  { from, to }: Period,
  whose: Whose,
  { endpoint }: Only = {},
): SQL | undefined {
  const own = whose === null ? undefined : eq(usage.user, whose);
  const its = endpoint === undefined ? undefined : eq(usage.endpoint, endpoint);
  return and(gte(usage.at, from), lt(usage.at, to), own, its);
}
