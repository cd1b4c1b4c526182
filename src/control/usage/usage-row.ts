import type { usage } from "./table.ts";
/** One request, as metered. It has no content, and no field that could carry any. */
export type UsageRow = typeof usage.$inferSelect;

export interface Amended {
  before: UsageRow;
  better: Counts;
}

export interface Amendment {
  id: string;
  better: Counts;
}

/** Better counts for a row that was recorded with an estimate. */
export type Counts = Pick<
  UsageRow,
  "prompt_tokens" | "completion_tokens" | "cached_tokens" | "source" | "cost"
>;
