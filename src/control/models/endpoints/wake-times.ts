/** How long an endpoint takes to wake, as measured. Pure. */
import type { Change, Depth } from "./status.ts";

export type Wake = NonNullable<Change["wake"]>;

export interface WakeTimes {
  /** Only wakes from that depth are counted. */
  depth: Wake["depth"];
  count: number;
  p50_ms: number;
  p95_ms: number;
}

/** WAKES: oldest first. From DEPTH, or as the last one where none was from there. Null without any. */
export function wakeTimesOf(wakes: readonly Wake[], from: Depth | null = null): WakeTimes | null {
  const last = wakes.findLast(({ depth }) => depth === from) ?? wakes.at(-1);
  if (!last) return null;
  const durations = wakes
    .filter(({ depth }) => depth === last.depth)
    .map(({ duration_ms }) => duration_ms)
    .sort((a, b) => a - b);
  // Nearest rank: a value that was really measured.
  const at = (part: number): number => durations[Math.ceil(part * durations.length) - 1] ?? 0;
  return { depth: last.depth, count: durations.length, p50_ms: at(0.5), p95_ms: at(0.95) };
}
