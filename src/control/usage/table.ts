import { index, integer, real, sqliteTable, text } from "drizzle-orm/sqlite-core";

/**
 * One row per request that reached routing. There is no content column, here or anywhere.
 * Names are copied in, not referenced: the row must outlive the key, the user and the model.
 */
export const usage = sqliteTable(
  "usage",
  {
    /** The request id, as sent in `x-request-id`. */
    id: text("id").primaryKey(),
    /** When the request arrived. */
    at: integer("at").notNull(),
    /** Null when a dashboard session asked. */
    key_prefix: text("key_prefix"),
    user: text("user").notNull(),
    /** The team of the user at the time. */
    team: text("team"),
    model: text("model").notNull(),
    endpoint: text("endpoint"),
    replica: text("replica"),
    prompt_tokens: integer("prompt_tokens").notNull(),
    completion_tokens: integer("completion_tokens").notNull(),
    cached_tokens: integer("cached_tokens").notNull(),
    ttft_ms: real("ttft_ms"),
    duration_ms: real("duration_ms").notNull(),
    /** HTTP status the client saw, 499 when the client left first. */
    status: integer("status").notNull(),
    stream: integer("stream", { mode: "boolean" }).notNull(),
    source: text("source", { enum: ["engine", "counted", "estimated"] }).notNull(),
    cost: real("cost").notNull(),
  },
  (table) => [index("usage_at").on(table.at)],
);
