import { integer, sqliteTable, text } from "drizzle-orm/sqlite-core";

export interface AliasTarget {
  /** The name of a model, or the id of an endpoint. */
  model: string;
  /** Its share of the requests, against the sum of all weights. */
  weight: number;
}

/** Further names for models: one for several, in shares, with others to fall back to. */
export const aliases = sqliteTable("aliases", {
  id: text("id").primaryKey(),
  name: text("name").notNull().unique(),
  targets: text("targets", { mode: "json" }).$type<readonly AliasTarget[]>().notNull(),
  /** Models to ask in this order when the chosen one cannot answer, or its context is too short. */
  fallbacks: text("fallbacks", { mode: "json" }).$type<readonly string[]>().notNull(),
  created_at: integer("created_at").notNull(),
});
