import { sqliteTable, text } from "drizzle-orm/sqlite-core";

/** One row per group of settings (`mail`, `webhook`, ...). Secrets inside are sealed. */
export const settings = sqliteTable("settings", {
  name: text("name").primaryKey(),
  value: text("value", { mode: "json" }).$type<Record<string, unknown>>().notNull(),
});
