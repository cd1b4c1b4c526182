import { integer, sqliteTable, text } from "drizzle-orm/sqlite-core";
import type { Artifact, Asked } from "../resolution/artifact.ts";
import type { AskedModel } from "./entry.ts";

/** shared models: what the shared models serve under which name. */
export const models = sqliteTable("models", {
  id: text("id").primaryKey(),
  name: text("name").notNull().unique(),
  /** What its hosts are told: `builtin:hypervize-demo`, `file:///absolute/path`, or `hf:` with the commit pinned. */
  source: text("source").notNull(),
  runtime: text("runtime", { enum: ["llama-server", "vllm", "sglang"] }).notNull(),
  /** Context window of one request, in tokens. */
  context_tokens: integer("context_tokens").notNull(),
  /** Requests that one replica serves at once. */
  slots: integer("slots").notNull(),
  /** Wanted replicas; null is one on every host that can run it. */
  replicas: integer("replicas"),
  enabled: integer("enabled", { mode: "boolean" }).notNull(),
  created_at: integer("created_at").notNull(),
  /** What was asked for and came to the above; null in rows from before there was a difference. */
  asked: text("asked", { mode: "json" }).$type<AskedModel>(),
  /** Null, as in older rows: any, as many as are needed. */
  gpu: text("gpu", { mode: "json" }).$type<Asked["gpu"]>(),
  /** What the weights are known to need; null when nobody has looked, or nothing says. */
  model_facts: text("model_facts", { mode: "json" }).$type<Artifact["model"]>(),
  /** Sealed, see storage/secrets.ts. */
  hf_token_sealed: text("hf_token_sealed"),
  /** When somebody last changed what runs or asked to try again: replicas that failed before start afresh. */
  changed_at: integer("changed_at").notNull().default(0),
});
