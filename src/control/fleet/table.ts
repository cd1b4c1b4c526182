import { integer, sqliteTable, text } from "drizzle-orm/sqlite-core";
import type { Labels } from "../../../agent/contract/protocol/labels.ts";
import type { Inventory } from "../../../agent/contract/protocol/messages.ts";

export const hosts = sqliteTable("hosts", {
  id: text("id").primaryKey(),
  name: text("name").notNull(),
  /** SHA-256 of the host's certificate (DER, hex): what comes with any other is refused. */
  certificate_sha256: text("certificate_sha256").notNull(),
  certificate_expires_at: integer("certificate_expires_at").notNull(),
  /** Of the renewed certificate, until it is shown for the first time; see pins.ts. */
  next_certificate_sha256: text("next_certificate_sha256"),
  next_certificate_expires_at: integer("next_certificate_expires_at"),
  agent_version: text("agent_version").notNull(),
  inventory: text("inventory", { mode: "json" }).$type<Inventory>(),
  /** What its agent was started with, for placement. */
  labels: text("labels", { mode: "json" }).$type<Labels>().notNull().default({}),
  /** Gets no new replicas. */
  cordoned: integer("cordoned", { mode: "boolean" }).notNull(),
  /** Its replicas are to go elsewhere. Only a cordoned host drains. */
  draining: integer("draining", { mode: "boolean" }).notNull().default(false),
  joined_at: integer("joined_at").notNull(),
  last_seen_at: integer("last_seen_at"),
});

/** Certificates of hosts that were removed, until they expire: whoever shows one is told what to do with its runtimes. */
export const removed_hosts = sqliteTable("removed_hosts", {
  certificate_sha256: text("certificate_sha256").primaryKey(),
  host_id: text("host_id").notNull(),
  keep_runtimes: integer("keep_runtimes", { mode: "boolean" }).notNull(),
  expires_at: integer("expires_at").notNull(),
});

/** One-time join tokens. Only the SHA-256 of the secret is stored. */
export const join_tokens = sqliteTable("join_tokens", {
  id: text("id").primaryKey(),
  secret_hash: text("secret_hash").notNull().unique(),
  created_by: text("created_by").notNull(),
  created_at: integer("created_at").notNull(),
  expires_at: integer("expires_at").notNull(),
  used_at: integer("used_at"),
  host_id: text("host_id"),
});
