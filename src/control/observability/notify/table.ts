import { index, integer, sqliteTable, text } from "drizzle-orm/sqlite-core";
import type { Notice } from "./notice.ts";

/**
 * What must still be reported to somebody. Written in the transaction of the transition that it tells of,
 * so that a crash loses neither and doubles neither.
 */
export const outbox = sqliteTable(
  "outbox",
  {
    id: text("id").primaryKey(),
    channel: text("channel", { enum: ["mail", "webhook"] }).notNull(),
    /** Addresses, or the URL. */
    target: text("target").notNull(),
    notice: text("notice", { mode: "json" }).$type<Notice>().notNull(),
    created_at: integer("created_at").notNull(),
    attempts: integer("attempts").notNull(),
    next_attempt_at: integer("next_attempt_at").notNull(),
    /** Null until it was accepted by the other side. */
    sent_at: integer("sent_at"),
    /** Null, or why it is not tried any more. */
    given_up: text("given_up"),
    last_error: text("last_error"),
  },
  (table) => [index("outbox_due").on(table.sent_at, table.next_attempt_at)],
);
