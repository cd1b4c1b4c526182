import { real, sqliteTable, text } from "drizzle-orm/sqlite-core";

/** What a model costs, per million tokens. Without a row it costs nothing. */
export const prices = sqliteTable("prices", {
  /** The name of a shared model or of a provider, or the id of an endpoint. */
  model: text("model").primaryKey(),
  input_per_million: real("input_per_million").notNull(),
  /** For prompt tokens that came from the runtime's cache; null: as the others. */
  cached_input_per_million: real("cached_input_per_million"),
  output_per_million: real("output_per_million").notNull(),
});
