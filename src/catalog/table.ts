import { integer, sqliteTable, text } from "drizzle-orm/sqlite-core";

/** Elastic models: what the shared pool serves under which name. */
export const models = sqliteTable("models", {
  id: text("id").primaryKey(),
  name: text("name").notNull().unique(),
  /** `builtin:hypervize-demo` or `file:///absolute/path.gguf`. */
  source: text("source").notNull(),
  runtime: text("runtime", { enum: ["llama-server"] }).notNull(),
  /** Context window of one request, in tokens. */
  context_tokens: integer("context_tokens").notNull(),
  /** Requests that one replica serves at once. */
  slots: integer("slots").notNull(),
  /** Wanted replicas; null is one on every host that can run it. */
  replicas: integer("replicas"),
  enabled: integer("enabled", { mode: "boolean" }).notNull(),
  created_at: integer("created_at").notNull(),
});
