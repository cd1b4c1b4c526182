import { index, integer, primaryKey, sqliteTable, text } from "drizzle-orm/sqlite-core";
import type { Artifact } from "../resolution/artifact.ts";
import type { EndpointSpec } from "./spec.ts";
import type { EndpointState } from "./status.ts";

export const endpoints = sqliteTable("endpoints", {
  id: text("id").primaryKey(),
  name: text("name").notNull().unique(),
  user_id: text("user_id").notNull(),
  spec: text("spec", { mode: "json" }).$type<EndpointSpec>().notNull(),
  artifact: text("artifact", { mode: "json" }).$type<Artifact>().notNull(),
  /** Grows with every change of what is run. */
  revision: integer("revision").notNull(),
  /** What served before the update that is under way; it comes back when the update fails. */
  previous: text("previous", { mode: "json" }).$type<{
    spec: EndpointSpec;
    artifact: Artifact;
    revision: number;
  }>(),
  /** Sealed, see storage/secrets.ts. */
  hf_token_sealed: text("hf_token_sealed"),
  standing: text("standing", { mode: "json" }).$type<EndpointState>().notNull(),
  created_at: integer("created_at").notNull(),
});

/** Every transition, kept also when the endpoint is gone. */
export const endpoint_events = sqliteTable(
  "endpoint_events",
  {
    id: integer("id").primaryKey({ autoIncrement: true }),
    endpoint_id: text("endpoint_id").notNull(),
    at: integer("at").notNull(),
    from: text("from").notNull(),
    to: text("to").notNull(),
    /** One word or two, for programs. */
    reason: text("reason").notNull(),
    /** One sentence, for people. */
    detail: text("detail").notNull(),
  },
  (table) => [index("endpoint_events_endpoint").on(table.endpoint_id, table.id)],
);

/** How long each wake took, from the first request to the first ready replica; the last 20 are kept. */
export const endpoint_wakes = sqliteTable(
  "endpoint_wakes",
  {
    id: integer("id").primaryKey({ autoIncrement: true }),
    endpoint_id: text("endpoint_id").notNull(),
    at: integer("at").notNull(),
    depth: text("depth", { enum: ["l1", "stopped", "evicted"] }).notNull(),
    duration_ms: integer("duration_ms").notNull(),
  },
  (table) => [index("endpoint_wakes_endpoint").on(table.endpoint_id, table.id)],
);

/** `Idempotency-Key`s of provisions, for a day. */
export const provision_keys = sqliteTable(
  "provision_keys",
  {
    key: text("key").notNull(),
    user_id: text("user_id").notNull(),
    request_sha256: text("request_sha256").notNull(),
    endpoint_id: text("endpoint_id").notNull(),
    created_at: integer("created_at").notNull(),
  },
  (table) => [primaryKey({ columns: [table.user_id, table.key] })],
);
