/** Time series in SQLite: as measured, per minute, per hour. */
import type { Statement } from "better-sqlite3";
import { and, asc, eq, gte, inArray, lt, sql } from "drizzle-orm";
import type { Database } from "../../storage/database.ts";
import { samples } from "./table.ts";

export type Resolution = "raw" | "minute" | "hour";

export interface Sample {
  subject: string;
  metric: string;
  value: number;
}

export interface SeriesQuery {
  /** Empty: all that there are. */
  metrics: readonly string[];
  /** Milliseconds since the epoch; the last hour without them. */
  from?: number;
  to?: number;
  resolution: Resolution | "auto";
}

export interface Series {
  resolution: Resolution;
  interval_ms: number;
  series: { metric: string; points: [at: number, mean: number, min: number, max: number][] }[];
}

export interface Retention {
  raw_hours: number;
  minute_days: number;
  hour_days: number;
}

export const raw_ms = 10_000;
const minute_ms = 60_000;
const hour_ms = 3_600_000;
const day_ms = 24 * hour_ms;
const interval_ms: Readonly<Record<Resolution, number>> = {
  raw: raw_ms,
  minute: minute_ms,
  hour: hour_ms,
};
const points_max = 720;
const pruned_at_once = 5000;

export class Samples {
  readonly #database: Database;
  readonly #insertRaw: Statement;
  readonly #upsert: Statement;

  constructor(database: Database) {
    this.#database = database;
    const columns = "(resolution, metric, subject, at, min, max, sum, count)";
    this.#insertRaw = database.$client.prepare(
      `insert into samples ${columns} values ('raw', ?, ?, ?, ?, ?, ?, 1) on conflict do nothing`,
    );
    this.#upsert = database.$client.prepare(
      `insert into samples ${columns} values (?, ?, ?, ?, ?, ?, ?, 1) on conflict do update set
       min = min(min, excluded.min), max = max(max, excluded.max), sum = sum + excluded.sum, count = count + 1`,
    );
  }

  /**
   * The values of one moment, with the coarser rows that they change, in one transaction: a crash
   * loses all of it or nothing. A moment that was written before is left as it is.
   */
  write(at: number, values: readonly Sample[]): void {
    if (values.length === 0) return;
    this.#database.transaction(() => {
      for (const { subject, metric, value } of values) {
        const same = [value, value, value];
        const { changes } = this.#insertRaw.run(metric, subject, startOf(at, raw_ms), ...same);
        if (changes === 0) continue;
        this.#upsert.run("minute", metric, subject, startOf(at, minute_ms), ...same);
        this.#upsert.run("hour", metric, subject, startOf(at, hour_ms), ...same);
      }
    });
  }

  /** Removes what is too old, a little at a time. */
  prune(now: number, { raw_hours, minute_days, hour_days }: Retention): void {
    this.#pruneOne("raw", now - raw_hours * hour_ms);
    this.#pruneOne("minute", now - minute_days * day_ms);
    this.#pruneOne("hour", now - hour_days * day_ms);
  }

  /** Gaps are times in which nothing happened. */
  series(subject: string, query: SeriesQuery, now: number): Series {
    const to = query.to ?? now;
    const from = query.from ?? to - hour_ms;
    const resolution = query.resolution === "auto" ? fineEnough(to - from) : query.resolution;
    const wanted =
      query.metrics.length > 0 ? inArray(samples.metric, [...query.metrics]) : undefined;
    const rows = this.#database
      .select()
      .from(samples)
      .where(
        and(
          eq(samples.subject, subject),
          eq(samples.resolution, resolution),
          gte(samples.at, from),
          lt(samples.at, to + 1),
          wanted,
        ),
      )
      .orderBy(asc(samples.metric), asc(samples.at))
      .limit(points_max * 40)
      .all();
    const byMetric = Map.groupBy(rows, ({ metric }) => metric);
    return {
      resolution,
      interval_ms: interval_ms[resolution],
      series: [...byMetric].map(([metric, found]) => ({
        metric,
        points: found.map(({ at, sum, count, min, max }) => [at, sum / count, min, max]),
      })),
    };
  }

  #pruneOne(resolution: Resolution, before: number): void {
    this.#database.run(sql`
      delete from samples where rowid in (
        select rowid from samples indexed by samples_time
        where resolution = ${resolution} and at < ${before} limit ${pruned_at_once})`);
  }
}

const startOf = (at: number, length: number): number => Math.floor(at / length) * length;

/** The finest that needs no more than so many points. */
function fineEnough(span_ms: number): Resolution {
  if (span_ms / raw_ms <= points_max) return "raw";
  return span_ms / minute_ms <= points_max ? "minute" : "hour";
}
