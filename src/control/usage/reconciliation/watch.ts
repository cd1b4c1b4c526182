/** When to look at an engine's counters, and what a look says. Pure. */
import type { EngineCounters } from "./counters.ts";
import { type Compared, compare, type Metered, nothing } from "./drift.ts";

/** What is known of one replica. Times in milliseconds since the epoch. */
export interface Watch {
  readonly replica: string;
  readonly model: string;
  /** The last look; null before the first. */
  baseline: { at: number; counters: EngineCounters } | null;
  /** What the usage rows since the last look add up to. */
  metered: Metered;
  /** The last row, or the last better count for one. */
  touched_at: number;
  /** From when on a look is wanted. */
  due_at: number;
  /** It takes no more requests and will be stopped. */
  leaving: boolean;
}

/**
 * How long nothing must have happened: a runtime notices within a second that a client has gone
 * (llama-server polls once a second), and a recount takes as long.
 */
const quiet_ms = 2000;
/** For one that leaves: by then it is stopped, or nothing will come of it any more. */
const farewell_ms = 600_000;

export const newWatch = (replica: string, model: string, now: number): Watch => ({
  replica,
  model,
  baseline: null,
  metered: nothing,
  touched_at: -Infinity,
  due_at: now,
  leaving: false,
});

/**
 * Both sides agree only while nothing is in flight: engines count a request when they have worked on
 * it, and we when it ends. A replica that is never idle is looked at all the same after another
 * INTERVAL_MS; such a check is off by what was in flight, and the next one makes up for it.
 */
export function stepFor(
  watch: Watch,
  now: number,
  inflight: number,
  interval_ms: number,
): "wait" | "look" | "look-anyway" | "forget" {
  if (watch.leaving && !watch.baseline) return "forget";
  if (now < watch.due_at) return "wait";
  if (inflight === 0 && now - watch.touched_at >= quiet_ms) return "look";
  const late_ms = now - watch.due_at;
  if (watch.leaving) return late_ms > farewell_ms ? "forget" : "wait";
  return late_ms >= interval_ms ? "look-anyway" : "wait";
}

/** What a look says: the counts to store, or why there are none. */
export type Finding = "first" | "restarted" | "idle" | { from: number; compared: Compared };

/** Takes COUNTERS as the new baseline. */
export function take(watch: Watch, counters: EngineCounters, now: number): Finding {
  const { baseline, metered } = watch;
  const difference = baseline && compare(baseline.counters, counters, metered);
  watch.baseline = { at: now, counters: difference?.counters ?? counters };
  watch.metered = nothing;
  if (!baseline) return "first";
  if (!difference) return "restarted";
  const { compared } = difference;
  const isIdle = Object.values(compared).every((tokens) => tokens === 0);
  return isIdle ? "idle" : { from: baseline.at, compared };
}
