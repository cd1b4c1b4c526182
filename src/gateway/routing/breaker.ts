/**
 * Whether a replica is trusted, as a circuit breaker: closed while it answers, open after a failure, and
 * half-open for the one request that tries whether it is well again. Pure; times in milliseconds.
 */

export type Breaker = Closed | Failed<"open"> | Failed<"half-open">;

interface Closed {
  readonly is: "closed";
  /** Broken answers in a row. */
  readonly broken: number;
}

interface Failed<State> {
  readonly is: State;
  /** When it failed last. */
  readonly failed_at: number;
  /** An open one lets a trial through from then on. */
  readonly until: number;
  readonly wait_ms: number;
}

/** `unreachable`: no connection, or it broke off; `broken`: the replica itself says that something is wrong. */
export type FailureCause = "unreachable" | "broken";

const tolerated_in_a_row = 2;
const first_wait_ms = 1_000;
const longest_wait_ms = 30_000;

/** The same object for every replica that has nothing against it, so that looking costs one comparison. */
export const healthy: Breaker = { is: "closed", broken: 0 };

/** Whether a request may go there as to any other, be it for trial. */
export function isTrusted(breaker: Breaker, now: number): boolean {
  return breaker.is === "closed" || (breaker.is === "open" && now >= breaker.until);
}

/** A request goes there: the trial of an open one whose time has come, else nothing new. */
export function tried(breaker: Breaker, now: number): Breaker {
  if (breaker.is !== "open" || now < breaker.until) return breaker;
  return { ...breaker, is: "half-open" };
}

export function failed(breaker: Breaker, cause: FailureCause, now: number): Breaker {
  switch (breaker.is) {
    case "closed":
      return cause === "broken" && breaker.broken < tolerated_in_a_row
        ? { is: "closed", broken: breaker.broken + 1 }
        : open(now, first_wait_ms);
    case "open":
      // Requests that were under way already, or that had nowhere else to go: one failure, one wait.
      return { ...breaker, failed_at: now };
    case "half-open":
      return open(now, Math.min(2 * breaker.wait_ms, longest_wait_ms));
  }
}

/** The trial ended and nobody knows how, as when its client left: the next request is the trial. */
export function unproven(breaker: Breaker): Breaker {
  return breaker.is === "half-open" ? { ...breaker, is: "open" } : breaker;
}

function open(now: number, wait_ms: number): Breaker {
  return { is: "open", failed_at: now, until: now + wait_ms, wait_ms };
}
