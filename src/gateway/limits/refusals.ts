/** How a caller is told of its limits: in headers with every answer, and in what a refusal says. Pure. */
import { Failure } from "../../shared/failure.ts";
import type { Bucket } from "./bucket.ts";
import type { Meter } from "./meter.ts";
import { monthEnd } from "./spend.ts";

export type Headers = Record<string, string>;

/** OpenAI's names. Of several buckets the one counts that has least left. */
export function limitHeaders(meters: readonly Meter[], now: number): Headers {
  const headers: Headers = {};
  describe(headers, "requests", tightest(meters, "requests", now), now);
  describe(headers, "tokens", tightest(meters, "tokens", now), now);
  return headers;
}

function tightest(meters: readonly Meter[], of: "requests" | "tokens", now: number): Bucket | null {
  let found: Bucket | null = null;
  for (const { [of]: bucket } of meters) {
    if (bucket && (!found || bucket.level(now) < found.level(now))) found = bucket;
  }
  return found;
}

function describe(headers: Headers, of: string, bucket: Bucket | null, now: number): void {
  if (!bucket) return;
  headers[`x-ratelimit-limit-${of}`] = String(bucket.per_minute);
  headers[`x-ratelimit-remaining-${of}`] = String(Math.max(0, Math.floor(bucket.level(now))));
  headers[`x-ratelimit-reset-${of}`] = durationText(bucket.wait_ms(bucket.per_minute, now));
}

/** As OpenAI writes durations: `12ms`, `1.5s`, `6m0s`. */
export function durationText(ms: number): string {
  if (ms < 1_000) return `${ms}ms`;
  const seconds = ms < 60_000 ? Math.ceil(ms / 100) / 10 : Math.ceil(ms / 1_000);
  return seconds < 60 ? `${seconds}s` : `${Math.floor(seconds / 60)}m${seconds % 60}s`;
}

const whose = { key: "this key", user: "this user", team: "this team" } as const;

export function tooFast(
  { scope }: Meter,
  of: "requests" | "tokens",
  wait_ms: number,
  headers: Headers,
): Failure {
  const limit = of === "requests" ? scope.limits.rpm_limit : scope.limits.tpm_limit;
  return new Failure(
    429,
    `The limit of ${limit} ${of} a minute of ${whose[scope.kind]} is reached. Try again in ${durationText(wait_ms)}.`,
    { type: of, code: "rate_limit_exceeded", headers: { ...headers, ...retryAfter(wait_ms) } },
  );
}

/** One request of many pieces that no whole minute has room for. */
export function tooLarge(
  { scope }: Meter,
  of: "requests" | "tokens",
  count: number,
  headers: Headers,
): Failure {
  const limit = of === "requests" ? scope.limits.rpm_limit : scope.limits.tpm_limit;
  const asked =
    of === "requests"
      ? `This request is ${count} pieces of work, which count as so many requests`
      : `This request may take ${count} tokens in all its pieces`;
  return new Failure(
    429,
    `${asked}, and ${whose[scope.kind]} may have ${limit} ${of} a minute. Send fewer pieces at once${of === "tokens" ? ", or a smaller max_tokens" : ""}.`,
    {
      type: of,
      code: "rate_limit_exceeded",
      headers: { ...headers, "x-should-retry": "false" },
    },
  );
}

export function tooManyAtOnce({ scope }: Meter, headers: Headers): Failure {
  const most = scope.limits.max_parallel_requests;
  return new Failure(
    429,
    `${most} requests of ${whose[scope.kind]} are being answered, and no more are allowed at once. Try again shortly.`,
    {
      type: "requests",
      code: "rate_limit_exceeded",
      headers: { ...headers, ...retryAfter(1_000) },
    },
  );
}

/** What is left of a budget is promised to others. */
export function budgetKept({ scope }: Meter, headers: Headers): Failure {
  return new Failure(
    429,
    `Requests that are being answered may use up the monthly budget of ${whose[scope.kind]}. Try again when they have ended.`,
    {
      type: "insufficient_quota",
      code: "insufficient_quota",
      headers: { ...headers, ...retryAfter(1_000) },
    },
  );
}

export function budgetTooSmall({ scope }: Meter, pieces: number, headers: Headers): Failure {
  return new Failure(
    429,
    `What is left of the monthly budget of ${whose[scope.kind]} does not pay for the ${pieces} pieces of work of this request. Send fewer, or a lower \`max_tokens\`.`,
    {
      type: "insufficient_quota",
      code: "insufficient_quota",
      headers: { ...headers, "x-should-retry": "false" },
    },
  );
}

/** Waiting does not help before the month ends, so clients are told not to try again by themselves. */
export function budgetSpent({ scope }: Meter, headers: Headers, now: number): Failure {
  const day = new Date(monthEnd(now)).toISOString().slice(0, 10);
  return new Failure(
    429,
    `The monthly budget of ${whose[scope.kind]} is spent. Ask an admin to raise it, or wait until ${day}.`,
    {
      type: "insufficient_quota",
      code: "insufficient_quota",
      headers: { ...headers, "x-should-retry": "false" },
    },
  );
}

const retryAfter = (ms: number): Headers => ({
  "retry-after": String(Math.max(1, Math.ceil(ms / 1_000))),
  "retry-after-ms": String(ms),
});
