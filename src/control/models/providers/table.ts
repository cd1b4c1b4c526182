import { integer, sqliteTable, text } from "drizzle-orm/sqlite-core";

export interface ProvidedModel {
  /** The name here. */
  name: string;
  /** The provider's name for it. */
  upstream: string;
  /**
   * Whether a shared model with this name may burst out: the provider gets what its own
   * replicas have no place for. False: the provider serves only names that the pool does not have.
   */
  burst: boolean;
}

/** OpenAI-compatible services elsewhere that take a part of the requests for shared models. */
export const providers = sqliteTable("providers", {
  id: text("id").primaryKey(),
  name: text("name").notNull().unique(),
  /** With the version in it: `https://api.example.org/v1`. */
  base_url: text("base_url").notNull(),
  /** Sealed. */
  key: text("key").notNull(),
  enabled: integer("enabled", { mode: "boolean" }).notNull(),
  /** Requests in flight there at once. */
  slots: integer("slots").notNull(),
  models: text("models", { mode: "json" }).$type<readonly ProvidedModel[]>().notNull(),
  created_at: integer("created_at").notNull(),
});
