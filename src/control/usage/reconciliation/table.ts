import { index, integer, sqliteTable, text } from "drizzle-orm/sqlite-core";

/** What an engine counted itself between two looks at it, beside the usage rows of the same time. */
export const meter_checks = sqliteTable(
  "meter_checks",
  {
    id: integer("id").primaryKey({ autoIncrement: true }),
    from: integer("from").notNull(),
    to: integer("to").notNull(),
    replica: text("replica").notNull(),
    model: text("model").notNull(),
    engine_prompt_tokens: integer("engine_prompt_tokens").notNull(),
    engine_completion_tokens: integer("engine_completion_tokens").notNull(),
    metered_prompt_tokens: integer("metered_prompt_tokens").notNull(),
    metered_completion_tokens: integer("metered_completion_tokens").notNull(),
  },
  (table) => [index("meter_checks_to").on(table.to)],
);
