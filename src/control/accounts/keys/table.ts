import { index, integer, sqliteTable, text } from "drizzle-orm/sqlite-core";
import { limitColumns } from "../limits/columns.ts";
import { users } from "../users/table.ts";

/**
 * API keys. The key itself is shown once and never stored: SHA-256 is enough for 256 random bits
 * (OWASP ASVS 6.5.2). Revoked rows stay, so that usage keeps its names.
 */
export const api_keys = sqliteTable(
  "api_keys",
  {
    id: text("id").primaryKey(),
    name: text("name").notNull(),
    hash: text("hash").notNull().unique(),
    prefix: text("prefix").notNull(),
    last4: text("last4").notNull(),
    user_id: text("user_id")
      .notNull()
      .references(() => users.id, { onDelete: "cascade" }),
    /** `inference` reaches models only; `admin` may also use the control API with its owner's role. */
    scope: text("scope", { enum: ["inference", "admin"] }).notNull(),
    ...limitColumns(),
    /** The only networks that it may be used from, as CIDR; null: from anywhere. */
    allowed_cidrs: text("allowed_cidrs", { mode: "json" }).$type<readonly string[]>(),
    created_at: integer("created_at").notNull(),
    expires_at: integer("expires_at"),
    revoked_at: integer("revoked_at"),
  },
  (table) => [index("api_keys_user").on(table.user_id)],
);
