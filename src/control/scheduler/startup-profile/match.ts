/** Which rows of the ledger answer a question. Pure. */
import { kindName } from "../placement/kinds.ts";
import type { Configuration } from "../sizing/measured.ts";
import type { Measured } from "../sizing/plan.ts";
import { type Configured, settingsOf, sourceOf } from "./configuration.ts";
import type { CountedStart, CountedWake } from "./table.ts";

export interface LedgerRow extends Configured {
  gpu_bytes: number;
  memory_bytes: number;
  count: number;
  last_at: number;
  starts: readonly CountedStart[];
  wakes: readonly CountedWake[];
}

export interface DepthTimes {
  depth: CountedWake["depth"];
  count: number;
  p50_ms: number;
  p95_ms: number;
}

/** A row as people see it. */
export interface LedgerView extends Omit<LedgerRow, "starts" | "wakes"> {
  start_p50_ms: number;
  start_p95_ms: number;
  wakes: DepthTimes[];
}

export function viewOf({ starts, wakes, ...row }: LedgerRow): LedgerView {
  const times = sorted(starts.map(({ ready_after_ms }) => ready_after_ms));
  const depths = Map.groupBy(wakes, ({ depth }) => depth);
  return {
    ...row,
    start_p50_ms: rank(times, 0.5),
    start_p95_ms: rank(times, 0.95),
    wakes: [...depths].map(([depth, those]) => {
      const durations = sorted(those.map(({ duration_ms }) => duration_ms));
      const [p50_ms, p95_ms] = [rank(durations, 0.5), rank(durations, 0.95)];
      return { depth, count: durations.length, p50_ms, p95_ms };
    }),
  };
}

/**
 * Rows of all builds of a runtime, and of all revisions where the question names none, count as one: never
 * less than any of them took. On several numbers of GPUs or kinds, the fewest of the one used last.
 */
export function measuredIn(rows: readonly LedgerView[], asked: Configuration): Measured | null {
  const { source, revision } = sourceOf(asked.source);
  const settings = settingsOf(asked.args, asked.env);
  const kind = asked.gpu === null ? null : kindName(asked.gpu);
  const alike = rows.filter(
    (row) =>
      row.source === source &&
      (revision === "" || row.revision === revision) &&
      (asked.runtime === undefined || row.runtime === asked.runtime) &&
      row.context_tokens === asked.context &&
      row.slots === asked.slots &&
      row.settings === settings &&
      (asked.gpus === null || row.gpus === asked.gpus) &&
      (kind === null || kindName(row.gpu) === kind),
  );
  const newest = latest(alike);
  if (!newest) return null;
  const ofKind = alike.filter((row) => kindName(row.gpu) === kindName(newest.gpu));
  const gpus = Math.min(...ofKind.map((row) => row.gpus));
  const counted = ofKind.filter((row) => row.gpus === gpus);
  const last = latest(counted) ?? newest;
  const { gpu, context_tokens, slots, last_at, start_p50_ms, start_p95_ms } = last;
  return {
    gpu,
    gpus,
    context_tokens,
    concurrency: slots,
    context: context_tokens,
    slots,
    last_at,
    start_p50_ms,
    start_p95_ms,
    gpu_bytes: Math.max(...counted.map(({ gpu_bytes }) => gpu_bytes)),
    memory_bytes: Math.max(...counted.map(({ memory_bytes }) => memory_bytes)),
    count: counted.reduce((sum, { count }) => sum + count, 0),
  };
}

const latest = (rows: readonly LedgerView[]): LedgerView | undefined =>
  rows.toSorted((a, b) => b.last_at - a.last_at)[0];

const sorted = (values: readonly number[]): number[] => values.toSorted((a, b) => a - b);

/** Nearest rank: a value that was really measured. */
const rank = (values: readonly number[], part: number): number =>
  values[Math.ceil(part * values.length) - 1] ?? 0;
