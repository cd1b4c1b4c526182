import type { Scope } from "../../shared/limits/scope.ts";
import { Bucket } from "./bucket.ts";

/** What is taken when a request is let in. */
export interface Reserved {
  readonly pieces: number;
  readonly tokens: number;
  readonly cost: number;
}

/** What a scope has used of its limits. */
export class Meter {
  scope: Scope;
  requests: Bucket | null = null;
  tokens: Bucket | null = null;
  /** Pieces that are being answered. */
  in_flight = 0;
  /** What these may cost. */
  kept = 0;
  /** Of how many requests that is. */
  #keeping = 0;

  constructor(scope: Scope, now: number) {
    this.scope = scope;
    this.change(scope, now);
  }

  /** Other limits; what was counted stays counted. */
  change(scope: Scope, now: number): void {
    this.scope = scope;
    this.requests = resized(this.requests, scope.limits.rpm_limit, now);
    this.tokens = resized(this.tokens, scope.limits.tpm_limit, now);
  }

  /** A list that is longer than the limit needs all of it. */
  hasRoom(pieces: number): boolean {
    const { max_parallel_requests: most } = this.scope.limits;
    return most === null || this.in_flight + Math.min(pieces, most) <= most;
  }

  begin({ pieces, tokens, cost }: Reserved, now: number): void {
    this.in_flight += pieces;
    this.requests?.take(pieces, now);
    this.tokens?.take(tokens, now);
    this.keep(cost);
  }

  /** RESERVED is what `begin` took; its cost is given back by `keep`. */
  end(tokens: number, reserved: Reserved, now: number): void {
    this.in_flight -= reserved.pieces;
    this.tokens?.take(tokens - reserved.tokens, now);
  }

  /** COST is kept of the budget, or given back. */
  keep(cost: number): void {
    this.#keeping += Math.sign(cost);
    // Sums of fractions leave a rest, which may not last.
    this.kept = this.#keeping === 0 ? 0 : this.kept + cost;
  }
}

/** Whether there is anything to count: which models may be used is not. */
export function isLimiting({ limits }: Scope): boolean {
  const { rpm_limit, tpm_limit, max_parallel_requests, monthly_budget } = limits;
  return [rpm_limit, tpm_limit, max_parallel_requests, monthly_budget].some((it) => it !== null);
}

function resized(bucket: Bucket | null, per_minute: number | null, now: number): Bucket | null {
  if (per_minute === null) return null;
  if (!bucket) return new Bucket(per_minute, now);
  if (bucket.per_minute !== per_minute) bucket.resize(per_minute, now);
  return bucket;
}
