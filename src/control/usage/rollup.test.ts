import { expect, test } from "bun:test";
import { openDatabase } from "../storage/database.ts";
import { summarize, type UsageBy } from "./rollup.ts";
import { usage } from "./table.ts";
import type { UsageRow } from "./usage-row.ts";

const minute = 60_000;
const now = 20_000 * 86_400_000 + 90 * minute;

const base: UsageRow = {
  id: "",
  at: now,
  key_prefix: "hv_aaaaaaa",
  user: "ada@example.org",
  team: null,
  model: "small",
  endpoint: null,
  replica: "rep_1",
  prompt_tokens: 10,
  completion_tokens: 20,
  cached_tokens: 5,
  ttft_ms: null,
  duration_ms: 1,
  status: 200,
  stream: true,
  source: "engine",
  cost: 0.5,
};

const rows: Partial<UsageRow>[] = [
  {},
  { status: 500, completion_tokens: 0 },
  { status: 499 },
  { at: now - 5 * minute, model: "big", key_prefix: null, user: "bob@example.org" },
  { at: now - 5 * minute - 1, model: "big", status: 404 },
  { at: now - 40 * 86_400_000, model: "old" },
];

const database = openDatabase(":memory:");
for (const [index, row] of rows.entries()) {
  database
    .insert(usage)
    .values({ ...base, ...row, id: `req_${index}` })
    .run();
}
const by = (group: UsageBy, whose: string | null = null, asked = {}) =>
  summarize(database, group, asked, whose, now).data;
const counts = (group: UsageBy, whose: string | null = null) =>
  by(group, whose).map(({ key, requests }) => [key, requests]);

test("groups are summed, the busiest first, and older rows are not counted", () => {
  expect(by("model")).toEqual([
    {
      key: "small",
      requests: 3,
      errors: 1,
      prompt_tokens: 30,
      completion_tokens: 40,
      cached_tokens: 15,
      cost: 1.5,
    },
    {
      key: "big",
      requests: 2,
      errors: 1,
      prompt_tokens: 20,
      completion_tokens: 40,
      cached_tokens: 10,
      cost: 1,
    },
  ]);
});

test("requests without a key or an endpoint are a separate group", () => {
  expect(counts("key")).toEqual([
    ["hv_aaaaaaa", 4],
    [null, 1],
  ]);
  expect(counts("endpoint")).toEqual([[null, 5]]);
  expect(counts("user")).toEqual([
    ["ada@example.org", 4],
    ["bob@example.org", 1],
  ]);
});

test("one user's sums hold no other user's rows", () => {
  for (const group of ["model", "key", "user", "endpoint", "minute", "hour", "day"] as const) {
    const total = by(group, "bob@example.org").reduce((sum, each) => sum + each.requests, 0);
    expect([group, total]).toEqual([group, 1]);
  }
  expect(counts("user", "bob@example.org")).toEqual([["bob@example.org", 1]]);
  expect(counts("model", "' or 1=1 --")).toEqual([]);
});

test("time buckets have no gaps; a row belongs to the bucket that it began in", () => {
  const minutes = by("minute");
  expect(minutes).toHaveLength(60);
  expect(minutes.map(({ key }) => key)).toEqual(
    Array.from({ length: 60 }, (_, index) => now - (59 - index) * minute),
  );
  const busy = minutes
    .filter(({ requests }) => requests > 0)
    .map((each) => [each.key, each.requests]);
  expect(busy).toEqual([
    [now - 6 * minute, 1],
    [now - 5 * minute, 1],
    [now, 3],
  ]);
  expect(minutes[0]).toEqual({
    key: now - 59 * minute,
    requests: 0,
    errors: 0,
    prompt_tokens: 0,
    completion_tokens: 0,
    cached_tokens: 0,
    cost: 0,
  });
  expect(by("hour")).toHaveLength(24);
  expect(by("day").reduce((sum, day) => sum + day.requests, 0)).toBe(5);
});

test("a range takes in its start and leaves out its end", () => {
  const asked = { from: now - 5 * minute, to: now };
  expect(by("model", null, asked)).toMatchObject([{ key: "big", requests: 1 }]);
  expect(summarize(database, "minute", asked, null, now)).toMatchObject({ by: "minute", ...asked });
});
