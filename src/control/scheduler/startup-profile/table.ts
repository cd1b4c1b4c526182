import { integer, primaryKey, sqliteTable, text } from "drizzle-orm/sqlite-core";

/** A start that was counted; ID: replica, epoch and time. */
export interface CountedStart {
  id: string;
  at: number;
  ready_after_ms: number;
}

export interface CountedWake {
  depth: "l1" | "stopped" | "evicted";
  duration_ms: number;
}

/** What the starts of one configuration really took. No row says whose they were. */
export const measured_starts = sqliteTable(
  "measured_starts",
  {
    /** As the agent's contract writes it, with file or quant, without the revision. */
    source: text("source").notNull(),
    /** Empty where the source has none. */
    revision: text("revision").notNull(),
    runtime: text("runtime").notNull(),
    runtime_version: text("runtime_version").notNull(),
    /** Of one request. */
    context_tokens: integer("context_tokens").notNull(),
    slots: integer("slots").notNull(),
    /** As the driver names it; `cpu` for processors. */
    gpu: text("gpu").notNull(),
    /** That one replica ran on, which is its tensor parallel on vLLM and SGLang; 0 on processors. */
    gpus: integer("gpus").notNull(),
    /** Empty without its own arguments and variables, else their hash: they may change what it takes. */
    settings: text("settings").notNull(),
    gpu_bytes: integer("gpu_bytes").notNull(),
    memory_bytes: integer("memory_bytes").notNull(),
    count: integer("count").notNull(),
    last_at: integer("last_at").notNull(),
    /** The newest, oldest first. */
    starts: text("starts", { mode: "json" }).$type<CountedStart[]>().notNull(),
    wakes: text("wakes", { mode: "json" }).$type<CountedWake[]>().notNull(),
  },
  (table) => [
    primaryKey({
      columns: [
        table.source,
        table.revision,
        table.runtime,
        table.runtime_version,
        table.context_tokens,
        table.slots,
        table.gpu,
        table.gpus,
        table.settings,
      ],
    }),
  ],
);
