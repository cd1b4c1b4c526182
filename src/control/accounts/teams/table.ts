import { integer, sqliteTable, text } from "drizzle-orm/sqlite-core";
import { limitColumns } from "../limits/columns.ts";

/** Groups of users that share limits and a budget. */
export const teams = sqliteTable("teams", {
  id: text("id").primaryKey(),
  name: text("name").notNull().unique(),
  ...limitColumns(),
  created_at: integer("created_at").notNull(),
});
