import { integer, sqliteTable, text } from "drizzle-orm/sqlite-core";
import type { DesiredReplica } from "../../../../agent/contract/protocol/messages.ts";

export type ReplicaSpec = Omit<DesiredReplica, "id" | "epoch" | "hf_token" | "s3">;

/**
 * Replicas, of shared models and Dedicated endpoints. What they are doing right now is reported by
 * the agents and kept in memory: after a restart of the control plane the agents say it again.
 */
export const replicas = sqliteTable("replicas", {
  id: text("id").primaryKey(),
  /** `mdl_...` or `endpt-...`. */
  owner_id: text("owner_id").notNull(),
  host_id: text("host_id").notNull(),
  /** Fencing: grows whenever the replica's specification changes. */
  epoch: integer("epoch").notNull(),
  /** What this epoch runs: the specification as sent to the agent. */
  spec: text("spec", { mode: "json" }).$type<ReplicaSpec>().notNull(),
  created_at: integer("created_at").notNull(),
  /** Of the endpoint; 0 for Elastic. */
  revision: integer("revision").notNull().default(0),
  /** Memory reserved on each device (ids as in placement/fleet.ts); it counts until the host proves it free. */
  devices: text("devices", { mode: "json" }).$type<string[]>().notNull().default([]),
  bytes_per_device: integer("bytes_per_device").notNull().default(0),
  /** Memory of the host that is reserved while it is to sleep in place; null: it is to be awake. */
  asleep_bytes: integer("asleep_bytes"),
  /** The generation that no longer wants it; null while it is wanted. */
  unwanted_since: integer("unwanted_since"),
});

/** One row: the generation of the desired state, shared by all hosts. It only grows. */
export const generations = sqliteTable("generations", {
  id: integer("id").primaryKey(),
  generation: integer("generation").notNull(),
});
