import type { Failure } from "../../shared/failure.ts";
import type { Caller } from "../ports.ts";

/** An open request, as the registry sees it. */
export interface InflightRequest {
  readonly caller: Caller;
  /** Looks at the clock: may interrupt itself, or ping its client. */
  tick(now: number): void;
  /** Ends the request with this failure. */
  interrupt(failure: Failure): void;
}

/**
 * The requests that are open now. One timer looks after all their deadlines: two timers a request
 * cost more than the rest of its bookkeeping, and a late second does no harm to a timeout.
 */
export class InflightRegistry {
  readonly #open = new Set<InflightRequest>();
  readonly #timer: Timer;

  constructor(sweepMs: number, now: () => number) {
    this.#timer = setInterval(() => this.sweep(now()), sweepMs).unref();
  }

  get count(): number {
    return this.#open.size;
  }

  add(request: InflightRequest): void {
    this.#open.add(request);
  }

  remove(request: InflightRequest): void {
    this.#open.delete(request);
  }

  sweep(now: number): void {
    for (const request of this.#open) request.tick(now);
  }

  /** Ends all requests of a caller; returns how many there were. */
  cut(whose: (caller: Caller) => boolean, failure: Failure): number {
    const cut = [...this.#open].filter(({ caller }) => whose(caller));
    for (const request of cut) request.interrupt(failure);
    return cut.length;
  }

  close(): void {
    clearInterval(this.#timer);
  }
}
