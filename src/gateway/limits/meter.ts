import type { Scope } from "../../shared/limits/scope.ts";
import { Bucket } from "./bucket.ts";

/** What a scope has used of its limits. */
export class Meter {
  scope: Scope;
  requests: Bucket | null = null;
  tokens: Bucket | null = null;
  in_flight = 0;

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

  get isFull(): boolean {
    const { max_parallel_requests } = this.scope.limits;
    return max_parallel_requests !== null && this.in_flight >= max_parallel_requests;
  }

  begin(pieces: number, tokens: number, now: number): void {
    this.in_flight += 1;
    this.requests?.take(pieces, now);
    this.tokens?.take(tokens, now);
  }

  /** RESERVED is what `begin` took. */
  end(tokens: number, reserved: number, now: number): void {
    this.in_flight -= 1;
    this.tokens?.take(tokens - reserved, now);
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
