/** How long a client may take, for what. Pure. */

/** What a connection is doing, since when, and how much has moved meanwhile. */
export interface Pace {
  doing: "opening" | "idle" | "head" | "body" | "answering" | "closing";
  /** Milliseconds, of a clock that never goes back. */
  since: number;
  /** Bytes that came from the client since then. */
  received: number;
  /** When the client last took bytes that wait for it; now, when none wait. */
  moved_at: number;
}

const opening_ms = 15_000;
const idle_ms = 75_000;
const head_ms = 15_000;
const body_grace_ms = 20_000;
/** A body that comes slower than this holds a place for nothing (slowloris; Apache's RequestReadTimeout). */
const body_bytes_per_s = 500;
const stalled_ms = 120_000;
/** For a client to see that nothing more comes, and to close too. */
const closing_ms = 2_000;

/** What is late: a request, to be answered with 408; or the connection, to be ended without a word. */
export function lateness(pace: Pace, now: number): "answer" | "end" | null {
  const taken = now - pace.since;
  switch (pace.doing) {
    case "opening":
      return taken > opening_ms ? "end" : null;
    case "idle":
      return taken > idle_ms ? "end" : null;
    case "head":
      return taken > head_ms ? "answer" : null;
    case "body":
      return isTooSlow(pace.received, taken) ? "answer" : null;
    case "answering":
      return now - pace.moved_at > stalled_ms ? "end" : null;
    case "closing":
      return taken > closing_ms ? "end" : null;
  }
}

const isTooSlow = (received: number, taken: number): boolean =>
  taken > body_grace_ms && received < (taken / 1_000) * body_bytes_per_s;
