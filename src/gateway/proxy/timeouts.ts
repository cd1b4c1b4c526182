/** How long what may take. Pure. */
import type { Failure } from "../../shared/failure.ts";
import { runtimeTimeout } from "./runtime-error.ts";

/** How long a request may be silent, by what it is waiting for, and how long it may take in all. */
export interface Timeouts {
  first_byte_timeout_ms: number;
  inter_token_timeout_ms: number;
  /** A client that does not read its stream for so long is treated as gone. */
  stalled_client_timeout_ms: number;
  total_timeout_ms: number;
  /** A stream is pinged when nothing was sent for so long. */
  ping_ms: number;
}

export const defaultTimeouts: Readonly<Timeouts> = {
  first_byte_timeout_ms: 300_000,
  inter_token_timeout_ms: 120_000,
  stalled_client_timeout_ms: 120_000,
  total_timeout_ms: 3_600_000,
  ping_ms: 15_000,
};

export type Waiting = "wake" | "answer" | "first-byte" | "tokens" | "client";

/** What a request that is silent and old gets; `client` when it is the client who keeps it waiting. */
export function exceeded(
  patience: Timeouts,
  waiting: Waiting,
  silent_ms: number,
  age_ms: number,
): Failure | "client" | null {
  if (waiting === "client" && silent_ms > patience.stalled_client_timeout_ms) return "client";
  if (waiting === "first-byte" && silent_ms > patience.first_byte_timeout_ms) {
    return runtimeTimeout("The runtime did not begin to answer in time.");
  }
  if (waiting === "tokens" && silent_ms > patience.inter_token_timeout_ms) {
    return runtimeTimeout("The runtime stopped in the middle of its answer.");
  }
  if (age_ms > patience.total_timeout_ms) {
    return runtimeTimeout("The answer took longer than a request may take.");
  }
  return null;
}
