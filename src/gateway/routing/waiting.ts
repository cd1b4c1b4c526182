import { type Failure, modelNotFound } from "../../shared/failure.ts";
import type { Directory } from "./directory.ts";
import type { RoutedEndpoint } from "./snapshot.ts";
import type { Claimed, Target } from "./target.ts";
import type { Traffic } from "./traffic.ts";
import { tooManyWaiting, unavailable } from "./unavailable.ts";

/** Nothing is ready, and waiting helps. */
export interface Waiting {
  /** What a request does that does not say. */
  cold_start: "hold" | "fail";
  /** What a request gets that does not wait, or no longer. */
  refusal(): Failure;
  eta_ms(): number;
  /** Starts the wake without waiting for it. */
  trigger(): void;
  /**
   * Starts the wake and resolves when a replica is ready. Rejects with SIGNAL's reason, with 503
   * `overloaded` when too many wait, and with the endpoint's refusal when it will not become ready.
   */
  wait(signal: AbortSignal): Promise<Claimed>;
}

interface Asleep {
  endpoint: RoutedEndpoint;
  traffic: Traffic<Claimed>;
  cold_start: "hold" | "fail";
}

/** Snapshots come and go while a request waits; what it is told comes from the latest one. */
export function waitingFor(
  { id, name }: Target,
  { endpoint, traffic, cold_start }: Asleep,
  directory: Directory,
  steady: () => number,
): Waiting {
  const latest = (): RoutedEndpoint => directory.get(id)?.model.endpoint ?? endpoint;
  return {
    cold_start,
    refusal() {
      const entry = directory.get(id);
      return entry ? unavailable(entry.model).failure : modelNotFound(name);
    },
    eta_ms: () => traffic.eta_ms(latest(), steady()),
    trigger: () => traffic.trigger(steady()),
    async wait(signal) {
      if (traffic.room.isFull) throw tooManyWaiting(latest());
      return await traffic.enter(signal, steady());
    },
  };
}
