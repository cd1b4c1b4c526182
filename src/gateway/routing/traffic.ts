import type { RoutedEndpoint } from "./snapshot.ts";
import { expectedWakeMs } from "./unavailable.ts";
import { WaitingRoom } from "./waiting-room.ts";

/** What requests there are for an endpoint; the lifecycle wakes, scales and puts to sleep by it. */
export interface Demand {
  inflight: number;
  /** Held requests, and one for those that were told to come back while it slept. */
  waiting: number;
  /** When the last byte of the last response was sent, ms since the epoch by the wall clock; 0 for never. */
  last_active_at: number;
}

/** The requests for one endpoint. */
export class Traffic<Place> {
  readonly room: WaitingRoom<Place>;
  readonly #onDemand: () => void;
  inflight = 0;
  last_active_at = 0;
  /** Somebody who does not wait has asked for it while it slept. */
  #knocked = false;
  #was: RoutedEndpoint["standing"] | null = null;
  /** When the latest wake began: with the first request for it, if it was a request. */
  #wakingSince = 0;

  /** ONDEMAND: the lifecycle must look now. */
  constructor(limit: number, onDemand: () => void) {
    this.room = new WaitingRoom(limit);
    this.#onDemand = onDemand;
  }

  get demand(): Demand {
    const waiting = this.room.size + (this.#knocked ? 1 : 0);
    return { inflight: this.inflight, waiting, last_active_at: this.last_active_at };
  }

  /** Its endpoint has this standing now. Waiters for one that fell asleep again ask again. */
  becomes(standing: RoutedEndpoint["standing"], now: number): void {
    if (standing === this.#was) return;
    this.#was = standing;
    if (standing === "waking_up" && this.demand.waiting === 0) this.#wakingSince = now;
    if (standing !== "sleeping") this.#knocked = false;
    else if (this.room.size > 0) this.#ask(now);
  }

  /** Waits in the room. Only the first to come asks: one wake serves all. */
  enter(signal: AbortSignal, now: number): Promise<Place> {
    const isFirst = this.room.size === 0;
    const place = this.room.enter(signal);
    if (isFirst && this.room.size > 0) this.#ask(now);
    return place;
  }

  /** Asks for a wake without waiting for it. */
  trigger(now: number): void {
    if (this.#was !== "sleeping" || this.#knocked) return;
    const isAsked = this.room.size > 0;
    this.#knocked = true;
    if (!isAsked) this.#ask(now);
  }

  /** How long it may still take. An estimate that has passed grows again: late things stay late. */
  eta_ms(endpoint: RoutedEndpoint, now: number): number {
    const elapsed = now - this.#wakingSince;
    return Math.max(expectedWakeMs(endpoint) - elapsed, elapsed / 10);
  }

  #ask(now: number): void {
    if (this.#was !== "waking_up") this.#wakingSince = now;
    this.#onDemand();
  }
}
