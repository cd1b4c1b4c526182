import { index, integer, sqliteTable, text } from "drizzle-orm/sqlite-core";
import type { AlertKind, Severity } from "./alert.ts";

/** What was wrong with hosts. A row is open until `resolved_at`; the one of a key that is open is the newest. */
export const alerts = sqliteTable(
  "alerts",
  {
    id: text("id").primaryKey(),
    key: text("key").notNull(),
    kind: text("kind").$type<AlertKind>().notNull(),
    severity: text("severity").$type<Severity>().notNull(),
    host_id: text("host_id").notNull(),
    host_name: text("host_name").notNull(),
    gpu: text("gpu", { mode: "json" }).$type<{ index: number; uuid: string }>(),
    title: text("title").notNull(),
    detail: text("detail").notNull(),
    advice: text("advice").notNull(),
    raised_at: integer("raised_at").notNull(),
    /** When people were notified of it; null when that was not necessary yet. */
    told_at: integer("told_at"),
    resolved_at: integer("resolved_at"),
  },
  (table) => [index("alerts_resolved").on(table.resolved_at)],
);
