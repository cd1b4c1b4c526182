/** A request of several pieces is held to limits as so many requests are. */
import { beforeEach, expect, test } from "bun:test";
import { Failure } from "../../shared/failure.ts";
import { type LimitFields, noLimits } from "../../shared/limits/fields.ts";
import type { Scope } from "../../shared/limits/scope.ts";
import { Limiter } from "./limiter.ts";
import { Spend } from "./spend.ts";

interface Caller {
  scopes: readonly Scope[];
}

let now: number;
let spend: Spend;
let limiter: Limiter<Caller>;

beforeEach(() => {
  now = Date.UTC(2026, 10, 23);
  spend = new Spend(() => []);
  spend.turn(now);
  limiter = new Limiter({ spend, now: () => now, wall: () => now, scopesOf: (it) => it.scopes });
});

const key = (limits: Partial<LimitFields>): Caller => ({
  scopes: [{ kind: "key", id: "key_1", spender: "hv_1", limits: { ...noLimits, ...limits } }],
});

interface Asked {
  tokens?: number;
  most_tokens?: number;
  cost?: number;
}

/** A request of PIECES; the failure where it is refused. */
function ask(by: Caller, pieces: number, { tokens = 1, most_tokens = 0, cost = 0 }: Asked = {}) {
  try {
    const admission = limiter.admit(by, { tokens, pieces, most_tokens, cost: () => cost });
    if (!admission) throw new Error("Nothing limits it.");
    return admission;
  } catch (error) {
    if (error instanceof Failure) return error;
    throw error;
  }
}

const spent = (cost: number) =>
  spend.add({ at: now, key_prefix: "hv_1", user: "a@example.org", team: null, cost });
const tooFast = { status: 429, code: "rate_limit_exceeded" };
const never = { headers: { "x-should-retry": "false" } };

test("requests a minute: each piece is one", () => {
  const by = key({ rpm_limit: 10 });
  expect(ask(by, 8)).not.toBeInstanceOf(Failure);
  expect(ask(by, 3)).toMatchObject({ ...tooFast, type: "requests" });
  expect(ask(by, 2)).not.toBeInstanceOf(Failure);
  now += 30_000;
  expect(ask(by, 5)).not.toBeInstanceOf(Failure);
});

test("what is more than a whole minute's is told that it will never pass, and how it would", () => {
  const refused = ask(key({ rpm_limit: 10 }), 11);
  expect(refused).toMatchObject({ ...tooFast, ...never });
  expect((refused as Failure).message).toMatch(/11 pieces.* 10 requests a minute.*fewer/);
  const tokens = ask(key({ tpm_limit: 2_000 }), 50, { tokens: 200, most_tokens: 5_000 });
  expect(tokens).toMatchObject({ ...tooFast, ...never, type: "tokens" });
  expect((tokens as Failure).message).toMatch(/5200 tokens.* 2000 tokens a minute.*max_tokens/);
});

test("a list longer than what may be at once comes in when nothing else is there, and nothing beside it", () => {
  const by = key({ max_parallel_requests: 4 });
  const single = ask(by, 1);
  expect(ask(by, 5)).toMatchObject(tooFast);
  if (!(single instanceof Failure)) single.end(1);
  const list = ask(by, 5);
  expect(ask(by, 1)).toMatchObject(tooFast);
  if (list instanceof Failure) throw list;
  list.end(1);
  expect(ask(by, 4)).not.toBeInstanceOf(Failure);
});

test("at once: the pieces of those that are answered count together, until they end", () => {
  const by = key({ max_parallel_requests: 4 });
  const first = ask(by, 3);
  expect(ask(by, 2)).toMatchObject(tooFast);
  expect(ask(by, 1)).not.toBeInstanceOf(Failure);
  if (!(first instanceof Failure)) first.end(1);
  expect(ask(by, 3)).not.toBeInstanceOf(Failure);
});

test("tokens a minute are taken for the longest answers, and what was not made is given back", () => {
  const by = key({ tpm_limit: 2_000 });
  const first = ask(by, 10, { tokens: 100, most_tokens: 1_500 });
  expect(ask(by, 1, { tokens: 100, most_tokens: 400 })).toMatchObject({ type: "tokens" });
  if (first instanceof Failure) throw first;
  first.end(200);
  expect(first.headers()["x-ratelimit-remaining-tokens"]).toBe("1800");
  expect(ask(by, 1, { tokens: 100, most_tokens: 400 })).not.toBeInstanceOf(Failure);
});

test("a burst does not pass the tokens of a minute, nor is a debt left", () => {
  const by = key({ tpm_limit: 2_000 });
  const all = Array.from({ length: 8 }, () => ask(by, 1, { tokens: 10, most_tokens: 1_490 }));
  expect(all.filter((it) => !(it instanceof Failure))).toHaveLength(1);
});

test("one answer that may be longer than a minute's tokens comes in when all of them are there", () => {
  const by = key({ tpm_limit: 2_000 });
  const first = ask(by, 1, { most_tokens: 1_000_000 });
  if (first instanceof Failure) throw first;
  first.end(500);
  expect(ask(by, 1, { most_tokens: 1_000_000 })).toMatchObject({ type: "tokens" });
  now += 15_000;
  expect(ask(by, 1, { most_tokens: 1_000_000 })).not.toBeInstanceOf(Failure);
});

test("a budget lets a list in only where all of its pieces would come in one after the other", () => {
  const by = key({ monthly_budget: 10 });
  const refused = ask(by, 50, { cost: 100 });
  expect(refused).toMatchObject({ status: 429, code: "insufficient_quota", ...never });
  expect((refused as Failure).message).toContain("50 pieces of work");
  expect(ask(by, 5, { cost: 10 })).not.toBeInstanceOf(Failure);
});

test("a burst does not pass a budget: what is being answered is kept until its row is there", async () => {
  const by = key({ monthly_budget: 1 });
  const all = Array.from({ length: 16 }, () => ask(by, 1, { cost: 1.5 }));
  const [first, ...others] = all;
  if (!first || first instanceof Failure) throw new Error("None came in.");
  for (const other of others) {
    expect(other).toMatchObject({ status: 429, code: "insufficient_quota" });
    expect((other as Failure).headers["retry-after"]).toBe("1");
  }
  const recorded = Promise.withResolvers<void>();
  first.end(10, recorded.promise);
  expect(ask(by, 1, { cost: 1.5 })).toBeInstanceOf(Failure);
  spent(0.5);
  recorded.resolve();
  await recorded.promise;
  const second = ask(by, 1, { cost: 1.5 });
  if (second instanceof Failure) throw second;
  second.end(10);
  spent(0.5);
  expect(ask(by, 1)).toMatchObject({ code: "insufficient_quota", ...never });
});

test("what was kept for a row that could not be written is given back", async () => {
  const by = key({ monthly_budget: 1 });
  const first = ask(by, 1, { cost: 5 });
  if (first instanceof Failure) throw first;
  const recorded = Promise.reject(new Error("The disk is full."));
  first.end(10, recorded);
  await recorded.catch(() => undefined);
  expect(ask(by, 1, { cost: 5 })).not.toBeInstanceOf(Failure);
});
