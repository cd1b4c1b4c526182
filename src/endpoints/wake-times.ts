/** How long an endpoint takes to wake, as measured. Pure. */
import type { Change } from "./status.ts";

export type Wake = NonNullable<Change["wake"]>;

export interface WakeTimes {
  /** Of the last wake; only wakes from that depth are counted. */
  depth: Wake["depth"];
  count: number;
  p50_ms: number;
  p95_ms: number;
}

/** WAKES: oldest first. Null without any. */
export function wakeTimesOf(wakes: readonly Wake[]): WakeTimes | null {
  const last = wakes.at(-1);
  if (!last) return null;
  const durations = wakes
    .filter(({ depth }) => depth === last.depth)
    .map(({ duration_ms }) => duration_ms)
    .sort((a, b) => a - b);
  // Nearest rank: a value that was really measured.
  const at = (part: number): number => durations[Math.ceil(part * durations.length) - 1] ?? 0;
  return { depth: last.depth, count: durations.length, p50_ms: at(0.5), p95_ms: at(0.95) };
}
