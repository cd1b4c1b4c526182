import { index, integer, primaryKey, real, sqliteTable, text } from "drizzle-orm/sqlite-core";

/**
 * Time series in three resolutions: as measured for a day, per minute for a month, per hour for a
 * year. `at` is the start of the interval; `count` how many raw samples a row stands for.
 */
export const samples = sqliteTable(
  "samples",
  {
    resolution: text("resolution", { enum: ["raw", "minute", "hour"] }).notNull(),
    /** What is measured, such as `inflight` or `ttft_p95_ms`. */
    metric: text("metric").notNull(),
    /** Endpoint, model, replica or host id; empty for the whole appliance. */
    subject: text("subject").notNull(),
    at: integer("at").notNull(),
    min: real("min").notNull(),
    max: real("max").notNull(),
    sum: real("sum").notNull(),
    count: integer("count").notNull(),
  },
  (table) => [
    primaryKey({ columns: [table.subject, table.metric, table.resolution, table.at] }),
    index("samples_time").on(table.resolution, table.at),
  ],
);
