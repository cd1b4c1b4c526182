/** Which flags a runtime has, as far as people may set them. */
import type { Value } from "./value.ts";

export interface Table {
  /** By every name that a flag has; null for one without a value. */
  allowed: ReadonlyMap<string, Value | null>;
  /** Why others may not be set, with what to use instead. */
  refused: ReadonlyMap<string, string>;
}

/** Each row: names parted by spaces, and what stands behind them. */
type Rows<Entry> = readonly (readonly [names: string, entry: Entry])[];

export const tableOf = (allowed: Rows<Value | null>, refused: Rows<string>): Table => ({
  allowed: byName(allowed),
  refused: byName(refused),
});

const byName = <Entry>(rows: Rows<Entry>): Map<string, Entry> =>
  new Map(
    rows.flatMap(([names, entry]) => names.split(/\s+/).map((name) => [name, entry] as const)),
  );
