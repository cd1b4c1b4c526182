/**
 * How many replicas an endpoint should have while it is up. Pure. More when requests have had no free
 * slot, or have waited too long for their first token, for a whole window; fewer when one replica
 * less would have carried the load for a much longer one. The two thresholds lie apart, so that a
 * load in between moves nothing.
 */

export interface Load {
  min: number;
  max: number;
  target: number;
  ready: number;
  /** Requests that one replica works on at once. */
  slots: number;
  inflight: number;
  waiting: number;
  /** Over the last minute; null with too few requests to say. */
  ttft_p95_ms: number | null;
}

/** What is remembered from pass to pass. Lost at a restart, which only makes it wait once more. */
export interface Pressure {
  high_since: number | null;
  low_since: number | null;
}

export interface Scaled {
  target: number;
  pressure: Pressure;
}

export const calm: Pressure = { high_since: null, low_since: null };
export const scale_up_window_ms = 15_000;
export const scale_down_window_ms = 300_000;
const ttft_high_ms = 10_000;
/** Of the slots of one replica fewer. */
const low_ratio = 0.6;

export function autoscale(load: Load, { high_since, low_since }: Pressure, now: number): Scaled {
  const { min, max, ready, slots } = load;
  const bounded = Math.min(Math.max(load.target, min, 1), Math.max(max, 1));
  if (bounded !== load.target) return { target: bounded, pressure: calm };
  const requests = load.inflight + load.waiting;
  const slow = load.ttft_p95_ms !== null && load.ttft_p95_ms > ttft_high_ms && load.inflight > 0;
  const high = requests > bounded * slots || slow;
  const low = bounded > Math.max(min, 1) && requests <= (bounded - 1) * slots * low_ratio && !slow;
  const pressure = {
    high_since: high ? (high_since ?? now) : null,
    low_since: low ? (low_since ?? now) : null,
  };
  // One that is still starting has not shown yet whether it is enough.
  const settled = ready >= bounded;
  if (settled && bounded < max && held(pressure.high_since, scale_up_window_ms, now)) {
    const wanted = Math.max(bounded + 1, Math.ceil(requests / slots));
    return { target: Math.min(max, wanted), pressure: calm };
  }
  if (held(pressure.low_since, scale_down_window_ms, now)) {
    return { target: bounded - 1, pressure: calm };
  }
  return { target: bounded, pressure: high || low ? pressure : calm };
}

const held = (since: number | null, window_ms: number, now: number): boolean =>
  since !== null && now - since >= window_ms;
