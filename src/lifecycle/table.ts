import { integer, sqliteTable, text } from "drizzle-orm/sqlite-core";
import type { DesiredReplica } from "../../agent/contract/messages.ts";

export type ReplicaSpec = Omit<DesiredReplica, "id" | "epoch">;

/**
 * Desired replicas. What they are doing right now is reported by the agents and kept in memory:
 * after a restart of the control plane the agents say it again.
 */
export const replicas = sqliteTable("replicas", {
  id: text("id").primaryKey(),
  model_id: text("model_id").notNull(),
  host_id: text("host_id").notNull(),
  /** Fencing: grows whenever the replica's specification changes. */
  epoch: integer("epoch").notNull(),
  /** What this epoch runs: the specification as sent to the agent. */
  spec: text("spec", { mode: "json" }).$type<ReplicaSpec>().notNull(),
  created_at: integer("created_at").notNull(),
});

/** One row: the generation of the desired state, shared by all hosts. It only grows. */
export const generations = sqliteTable("generations", {
  id: integer("id").primaryKey(),
  generation: integer("generation").notNull(),
});
