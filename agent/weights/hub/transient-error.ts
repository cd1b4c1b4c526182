import { StartError } from "../../replicas/start-error.ts";

/** What may pass on its own: a hub that is busy, a connection that broke. Its message is a sentence. */
export class TransientError extends Error {
  /** How long the hub asks us to stay away; 0 when it does not say. */
  readonly retry_after_ms: number;

  constructor(sentence: string, retry_after_ms = 0) {
    super(sentence);
    this.name = "TransientError";
    this.retry_after_ms = retry_after_ms;
  }
}

export interface Persistence {
  pause(duration_ms: number, signal: AbortSignal): Promise<void>;
  /** Uniform in 0 … 1. */
  random(): number;
  /** What to look at when it does not pass, as a sentence; without one, what the hub's askers can. */
  advice?: string;
}

const hub_advice = "Check the network of this host and its HF_ENDPOINT.";
const attempts = 5;
const longest_backoff_ms = 16_000;
const longest_obeyed_ms = 3_600_000;

/**
 * Repeats ATTEMPT after TransientError, with pauses that double from a second, or as long as the hub asks.
 * Five failures in a row are a Refusal; an attempt that calls MOVED has got further than any before
 * it and begins a new row. Rejects with SIGNAL's reason as soon as that aborts.
 */
export async function persist<T>(
  attempt: (moved: () => void) => Promise<T>,
  signal: AbortSignal,
  { pause, random, advice = hub_advice }: Persistence,
): Promise<T> {
  let failures = 0;
  for (;;) {
    signal.throwIfAborted();
    try {
      return await attempt(() => {
        failures = 0;
      });
    } catch (error) {
      signal.throwIfAborted();
      if (!(error instanceof TransientError)) throw error;
      failures += 1;
      if (failures >= attempts) {
        throw new StartError("download", `${error.message} ${advice}`, true);
      }
      const backoff_ms = Math.min(longest_backoff_ms, 1000 * 2 ** (failures - 1));
      const spread_ms = Math.round(backoff_ms * (0.5 + random() / 2));
      await pause(Math.max(spread_ms, Math.min(error.retry_after_ms, longest_obeyed_ms)), signal);
    }
  }
}

/** From `Retry-After` in seconds or as a date (RFC 9110 §10.2.3), or the hub's `RateLimit: "api";r=0;t=55`. */
export function retryAfterMs(headers: Headers, now_ms: number): number {
  const value = headers.get("retry-after") ?? "";
  const seconds = /^\d+$/.test(value)
    ? value
    : /(?:^|;)\s*t=(\d+)/.exec(headers.get("ratelimit") ?? "")?.[1];
  if (seconds !== undefined) return Number(seconds) * 1000;
  const date = Date.parse(value);
  return Number.isNaN(date) ? 0 : Math.max(0, date - now_ms);
}
