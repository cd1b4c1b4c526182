import type { Failure } from "../../shared/failure.ts";
import type { Scope } from "../../shared/limits/scope.ts";
import { isLimiting, Meter, type Reserved } from "./meter.ts";
import {
  budgetKept,
  budgetSpent,
  budgetTooSmall,
  limitHeaders,
  tooFast,
  tooLarge,
  tooManyAtOnce,
} from "./refusals.ts";
import type { Spend } from "./spend.ts";

/** What was let through, and has to be accounted for when it ends. */
export interface Admitted {
  /** `x-ratelimit-*`, as they stand now. */
  headers(): Readonly<Record<string, string>>;
  /** Why COST more than what rows say would be too much; null when it would not. */
  refusalOf(cost: number): Failure | null;
  /**
   * The request is over; a second call does nothing. What it may have cost stays kept until RECORDED, when what it
   * did cost is known of: else those in between would pass.
   */
  end(tokens: number, recorded?: Promise<unknown>): void;
}

/** What a request asks for: about how many prompt tokens, in how many pieces, which may make how many more. */
export interface Asked {
  tokens: number;
  pieces: number;
  most_tokens: number;
  /** The most that all of it may cost; asked only where there is a budget. */
  cost?(): number;
}

export interface LimiterParts<Caller> {
  spend: Pick<Spend, "of">;
  /** Milliseconds, never going back: for what is counted a minute. */
  now(): number;
  /** Milliseconds since the epoch: budgets follow the calendar. */
  wall(): number;
  /** All that limits CALLER; asked once for each. */
  scopesOf(caller: Caller): readonly Scope[];
}

/**
 * Holds callers to the limits of their key, their user and their team, all together. A caller is the same
 * object until something about them changes; the new one finds what the one before has counted.
 */
export class Limiter<Caller extends object> {
  readonly #parts: LimiterParts<Caller>;
  readonly #held = new WeakMap<Caller, readonly Meter[] | null>();
  readonly #meters = new Map<string, Meter>();

  constructor(parts: LimiterParts<Caller>) {
    this.#parts = parts;
  }

  /**
   * Lets a request through; null when nothing limits CALLER. Throws 429:
   * `rate_limit_exceeded` with `retry-after` and all, or `insufficient_quota`. What is refused counts
   * for nothing. Several pieces come in together, where each of them would come in after the one before.
   */
  admit(caller: Caller, request: Asked): Admitted | null {
    let meters = this.#held.get(caller);
    if (meters === undefined) meters = this.#hold(caller);
    if (meters === null) return null;
    const now = this.#parts.now();
    const { pieces } = request;
    const hasBudget = meters.some(({ scope }) => scope.limits.monthly_budget !== null);
    const asked = {
      pieces,
      tokens: request.tokens + request.most_tokens,
      cost: hasBudget ? (request.cost?.() ?? 0) : 0,
    };
    this.#refuseSpent(meters, asked);
    if (pieces > 1) refuseLarge(meters, asked, now);
    refuseFast(meters, asked, now);
    const reserved = { ...asked, tokens: reservable(meters, asked.tokens) };
    for (const meter of meters) meter.begin(reserved, now);
    const refusalOf = (cost: number) => this.#spentWith(meters, cost);
    return new Admission(meters, reserved, this.#parts.now, refusalOf);
  }

  #hold(caller: Caller): readonly Meter[] | null {
    const meters = this.#parts.scopesOf(caller).flatMap((scope) => this.#meterOf(scope) ?? []);
    const held = meters.length > 0 ? meters : null;
    this.#held.set(caller, held);
    return held;
  }

  #meterOf(scope: Scope): Meter | undefined {
    const name = `${scope.kind} ${scope.id}`;
    const now = this.#parts.now();
    const known = this.#meters.get(name);
    known?.change(scope, now);
    if (!isLimiting(scope)) {
      this.#meters.delete(name);
      return undefined;
    }
    const meter = known ?? new Meter(scope, now);
    this.#meters.set(name, meter);
    return meter;
  }

  /** Why nothing more may be spent, with COST beside what rows say; null when it may. */
  #spentWith(meters: readonly Meter[], cost: number): Failure | null {
    const { spend, now, wall } = this.#parts;
    for (const meter of meters) {
      const { kind, spender, limits } = meter.scope;
      if (limits.monthly_budget === null) continue;
      if (spend.of(kind, spender, wall()) + cost < limits.monthly_budget) continue;
      return budgetSpent(meter, limitHeaders(meters, now()), wall());
    }
    return null;
  }

  #refuseSpent(meters: readonly Meter[], asked: Reserved): void {
    const { spend, now, wall } = this.#parts;
    // As one after the other: a budget lets in what begins before it is reached.
    const before_last = (asked.cost / asked.pieces) * (asked.pieces - 1);
    for (const meter of meters) {
      const { kind, spender, limits } = meter.scope;
      const budget = limits.monthly_budget;
      if (budget === null) continue;
      const spent = spend.of(kind, spender, wall());
      if (spent + meter.kept + before_last < budget) continue;
      const headers = limitHeaders(meters, now());
      if (spent >= budget) throw budgetSpent(meter, headers, wall());
      throw spent + before_last < budget
        ? budgetKept(meter, headers)
        : budgetTooSmall(meter, asked.pieces, headers);
    }
  }
}

class Admission implements Admitted {
  readonly #meters: readonly Meter[];
  readonly #reserved: Reserved;
  readonly #now: () => number;
  readonly refusalOf: Admitted["refusalOf"];
  #isOver = false;

  constructor(
    meters: readonly Meter[],
    reserved: Reserved,
    now: () => number,
    refusalOf: Admitted["refusalOf"],
  ) {
    this.refusalOf = refusalOf;
    this.#meters = meters;
    this.#reserved = reserved;
    this.#now = now;
  }

  headers(): Readonly<Record<string, string>> {
    return limitHeaders(this.#meters, this.#now());
  }

  end(tokens: number, recorded?: Promise<unknown>): void {
    if (this.#isOver) return;
    this.#isOver = true;
    const now = this.#now();
    for (const meter of this.#meters) meter.end(tokens, this.#reserved, now);
    const { cost } = this.#reserved;
    if (cost === 0) return;
    const give = (): void => {
      for (const meter of this.#meters) meter.keep(-cost);
    };
    if (recorded) recorded.then(give, give);
    else give();
  }
}

/** What is more than a whole minute's is refused for good: waiting would not help. */
function refuseLarge(meters: readonly Meter[], { pieces, tokens }: Reserved, now: number): void {
  for (const meter of meters) {
    for (const of of ["requests", "tokens"] as const) {
      const bucket = meter[of];
      const count = of === "requests" ? pieces : tokens;
      if (bucket && count > bucket.per_minute) {
        throw tooLarge(meter, of, count, limitHeaders(meters, now));
      }
    }
  }
}

/** Where several limits are reached, the one is named that has to be waited for longest. */
function refuseFast(meters: readonly Meter[], { pieces, tokens }: Reserved, now: number): void {
  let longest: { meter: Meter; of: "requests" | "tokens"; wait_ms: number } | null = null;
  for (const meter of meters) {
    for (const of of ["requests", "tokens"] as const) {
      const count = of === "requests" ? pieces : Math.max(1, tokens);
      const wait_ms = meter[of]?.wait_ms(count, now) ?? 0;
      if (wait_ms > (longest?.wait_ms ?? 0)) longest = { meter, of, wait_ms };
    }
  }
  if (longest) throw tooFast(longest.meter, longest.of, longest.wait_ms, limitHeaders(meters, now));
  const full = meters.find((meter) => !meter.hasRoom(pieces));
  if (full) throw tooManyAtOnce(full, limitHeaders(meters, now));
}

/**
 * The size of a prompt is a guess, far too high where it holds an image, and few answers are as long as they may be:
 * a whole minute's tokens let one piece through, and what it really was is counted in the end, if need be on credit.
 */
function reservable(meters: readonly Meter[], tokens: number): number {
  let most = tokens;
  for (const { tokens: bucket } of meters) if (bucket) most = Math.min(most, bucket.per_minute);
  return most;
}
