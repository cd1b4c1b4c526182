import { integer, sqliteTable, text } from "drizzle-orm/sqlite-core";
import { limitColumns } from "../limits/columns.ts";
import { teams } from "../teams/table.ts";

/** People who may sign in. Times are milliseconds since the epoch, in every table. */
export const users = sqliteTable("users", {
  id: text("id").primaryKey(),
  email: text("email").notNull().unique(),
  name: text("name").notNull(),
  role: text("role", { enum: ["viewer", "member", "admin"] }).notNull(),
  password_hash: text("password_hash").notNull(),
  team_id: text("team_id").references(() => teams.id),
  ...limitColumns(),
  created_at: integer("created_at").notNull(),
});

/** Dashboard sessions. Only the SHA-256 of the cookie is stored. */
export const sessions = sqliteTable("sessions", {
  token_hash: text("token_hash").primaryKey(),
  user_id: text("user_id")
    .notNull()
    .references(() => users.id, { onDelete: "cascade" }),
  created_at: integer("created_at").notNull(),
  expires_at: integer("expires_at").notNull(),
});
