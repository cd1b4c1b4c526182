import { beforeEach, describe, expect, test } from "bun:test";
import { Failure } from "../../shared/failure.ts";
import { type LimitFields, noLimits } from "../../shared/limits/fields.ts";
import type { Scope } from "../../shared/limits/scope.ts";
import { Limiter } from "./limiter.ts";
import { Spend } from "./spend.ts";

interface Caller {
  scopes: readonly Scope[];
}

const start = Date.UTC(2026, 10, 23);
let now: number;
let wall: number;
let spend: Spend;
let limiter: Limiter<Caller>;

beforeEach(() => {
  now = start;
  wall = now;
  spend = new Spend(() => []);
  spend.turn(wall);
  limiter = new Limiter({
    spend,
    now: () => now,
    wall: () => wall,
    scopesOf: ({ scopes }) => scopes,
  });
});

/** A request of one piece. */
const one = (tokens: number) => ({ tokens, pieces: 1, most_tokens: 0 });
const scope = (kind: Scope["kind"], limits: Partial<LimitFields>, id = `${kind}_1`): Scope => ({
  kind,
  id,
  spender: id,
  limits: { ...noLimits, ...limits },
});
const caller = (...scopes: Scope[]): Caller => ({ scopes });
const key = (limits: Partial<LimitFields>, id?: string): Caller => caller(scope("key", limits, id));

function admitted(by: Caller, tokens = 1) {
  const admission = limiter.admit(by, one(tokens));
  if (!admission) throw new Error("Nothing limits it.");
  return admission;
}

function refusal(by: Caller, tokens = 1): Failure {
  try {
    limiter.admit(by, one(tokens));
  } catch (error) {
    if (error instanceof Failure) return error;
    throw error;
  }
  throw new Error("It was let through.");
}

test("without limits nothing is counted, and an allow-list is no limit here", () => {
  expect(
    limiter.admit(caller(scope("key", {}), scope("user", { models: ["a"] })), one(1)),
  ).toBeNull();
});

test("requests a minute: refused above, told when to come back, and let in then", () => {
  const by = key({ rpm_limit: 2 });
  admitted(by).end(1);
  expect(admitted(by).headers()).toEqual({
    "x-ratelimit-limit-requests": "2",
    "x-ratelimit-remaining-requests": "0",
    "x-ratelimit-reset-requests": "1m0s",
  });
  const failure = refusal(by);
  expect(failure).toMatchObject({ status: 429, type: "requests", code: "rate_limit_exceeded" });
  expect(failure.headers).toEqual({
    "retry-after": "30",
    "retry-after-ms": "30000",
    "x-ratelimit-limit-requests": "2",
    "x-ratelimit-remaining-requests": "0",
    "x-ratelimit-reset-requests": "1m0s",
  });
  now += 29_999;
  expect(refusal(by).headers).toMatchObject({ "retry-after": "1", "retry-after-ms": "1" });
  now += 1;
  admitted(by);
});

test("tokens a minute: the guess is held while the request runs, then what it really was counts", () => {
  const by = key({ tpm_limit: 1000 });
  const first = admitted(by, 400);
  expect(first.headers()).toMatchObject({ "x-ratelimit-remaining-tokens": "600" });
  expect(refusal(by, 601)).toMatchObject({ status: 429, type: "tokens" });
  first.end(100);
  first.end(900);
  expect(first.headers()).toMatchObject({ "x-ratelimit-remaining-tokens": "900" });
  admitted(by, 500).end(2900);
  expect(refusal(by).headers).toMatchObject({ "retry-after": "121" });
});

test("a prompt larger than a whole minute waits for a full minute, once", () => {
  const by = key({ tpm_limit: 1000 });
  const image = admitted(by, 1_000_000);
  expect(refusal(by).headers).toMatchObject({ "retry-after-ms": "60" });
  image.end(500);
  expect(image.headers()).toMatchObject({ "x-ratelimit-remaining-tokens": "500" });
});

test("at once: refused above, with a second to wait, and let in as soon as one has ended", () => {
  const by = key({ max_parallel_requests: 1 });
  const first = admitted(by);
  expect(refusal(by)).toMatchObject({
    status: 429,
    type: "requests",
    code: "rate_limit_exceeded",
    headers: { "retry-after": "1", "retry-after-ms": "1000" },
  });
  first.end(1);
  first.end(1);
  admitted(by);
  refusal(by);
});

test("a spent budget is another failure, which no client should try again, and ends with the month", () => {
  const by = key({ monthly_budget: 10 });
  const row = { at: wall, key_prefix: "key_1", user: "u", team: null };
  spend.add({ ...row, cost: 9.99 });
  admitted(by).end(1);
  spend.add({ ...row, cost: 0.01 });
  const failure = refusal(by);
  expect(failure).toMatchObject({
    status: 429,
    type: "insufficient_quota",
    code: "insufficient_quota",
    headers: { "x-should-retry": "false" },
  });
  expect(failure.message).toContain("2026-12-01");
  wall = Date.UTC(2026, 11, 1);
  admitted(by);
});

test("a clock that is set back or forward moves no limit a minute", () => {
  const by = key({ rpm_limit: 1 });
  admitted(by).end(1);
  for (const step of [-40, 40]) {
    wall = start + step * 86_400_000;
    expect(refusal(by).headers).toMatchObject({ "retry-after": "60" });
  }
});

describe("key, user and team together", () => {
  const team = scope("team", { rpm_limit: 3 });
  const user = scope("user", { rpm_limit: 100 });

  test("the tightest decides, and says what is left", () => {
    const one = caller(user, team, scope("key", { rpm_limit: 1 }));
    expect(admitted(one).headers()).toMatchObject({ "x-ratelimit-limit-requests": "1" });
    expect(refusal(one).message).toContain("this key");
    const two = caller(user, team, scope("key", { rpm_limit: 50 }, "key_2"));
    expect(admitted(two).headers()).toMatchObject({
      "x-ratelimit-limit-requests": "3",
      "x-ratelimit-remaining-requests": "1",
    });
    admitted(two);
    expect(refusal(two).message).toContain("this team");
  });

  test("what one of them refuses counts for none", () => {
    const one = caller(team, scope("key", { max_parallel_requests: 1 }));
    const running = admitted(one);
    for (let i = 0; i < 10; i++) refusal(one);
    running.end(1);
    expect(admitted(one).headers()).toMatchObject({ "x-ratelimit-remaining-requests": "1" });
  });

  test("of two that refuse, the longer wait is told", () => {
    const one = caller(scope("user", { rpm_limit: 60 }), scope("key", { rpm_limit: 1 }));
    admitted(one);
    expect(refusal(one).headers).toMatchObject({ "retry-after": "60" });
  });
});

test("other limits hold from the next request on, and what was counted counts on", () => {
  const before = key({ rpm_limit: 10, tpm_limit: 100, max_parallel_requests: 5 });
  const running = [admitted(before, 10), admitted(before, 10)];
  const after = key({ rpm_limit: 4, tpm_limit: 1000, max_parallel_requests: 3 });
  expect(admitted(after).headers()).toMatchObject({
    "x-ratelimit-remaining-requests": "1",
    "x-ratelimit-remaining-tokens": "979",
  });
  expect(refusal(after).message).toContain("at once");
  for (const admission of running) admission.end(5);
  expect(admitted(after).headers()).toMatchObject({
    "x-ratelimit-remaining-requests": "0",
    "x-ratelimit-remaining-tokens": "988",
  });
});

test("200 keys with requests that end in any order: in the end all is as it was", () => {
  const shared = scope("team", { max_parallel_requests: 2000, tpm_limit: 1_000_000 });
  const callers = Array.from({ length: 200 }, (_, index) =>
    caller(shared, scope("key", { max_parallel_requests: 8, tpm_limit: 1000 }, `key_${index}`)),
  );
  const open = callers.flatMap((by) => Array.from({ length: 8 }, () => admitted(by, 100)));
  for (const by of callers) refusal(by);
  for (const index of open.keys()) open[(index * 7919) % open.length]?.end(0);
  const after = callers.flatMap((by) => Array.from({ length: 8 }, () => admitted(by, 125)));
  expect(after).toHaveLength(1600);
  for (const admission of after) admission.end(0);
  for (const by of callers) {
    expect(admitted(by, 0).headers()).toMatchObject({
      "x-ratelimit-limit-tokens": "1000",
      "x-ratelimit-remaining-tokens": "1000",
    });
  }
});

describe("a request of many pieces", () => {
  const many = (pieces: number, most_tokens = 0) => ({ tokens: 1, pieces, most_tokens });
  const refused = (by: Caller, asked: ReturnType<typeof many>): Failure => {
    try {
      limiter.admit(by, asked);
    } catch (error) {
      if (error instanceof Failure) return error;
    }
    throw new Error("It was let through.");
  };

  test("is so many requests of a minute", () => {
    const by = key({ rpm_limit: 10 });
    limiter.admit(by, many(8));
    expect(refused(by, many(3))).toMatchObject({ status: 429, code: "rate_limit_exceeded" });
    limiter.admit(by, many(2));
  });

  test("that no whole minute has room for is told what to send instead, and not to try again", () => {
    const requests = refused(key({ rpm_limit: 10 }), many(11));
    expect(requests.message).toContain("This request is 11 pieces of work");
    expect(requests.headers["x-should-retry"]).toBe("false");
    const tokens = refused(key({ tpm_limit: 100 }), many(2, 200));
    expect(tokens.message).toContain("Send fewer pieces at once, or a smaller max_tokens.");
  });

  test("is refused further pieces once what they cost is all that a budget has left", () => {
    const by = key({ monthly_budget: 1 });
    const admission = limiter.admit(by, many(5));
    expect(admission?.refusalOf(0.9)).toBeNull();
    expect(admission?.refusalOf(1)).toMatchObject({ code: "insufficient_quota" });
  });
});
