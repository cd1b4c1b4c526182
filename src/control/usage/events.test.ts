import { beforeEach, expect, test } from "bun:test";
import { type Database, openDatabase } from "../storage/database.ts";
import { usagePage, usagePages } from "./events.ts";
import { usage } from "./table.ts";

const forever = { from: 0, to: 1_000_000 };
let database: Database;

beforeEach(() => {
  database = openDatabase(":memory:");
});

function insert(rows: readonly { id: string; at: number; user?: string }[]): void {
  for (const row of rows) {
    database
      .insert(usage)
      .values({
        user: "ada@example.org",
        model: "demo",
        prompt_tokens: 1,
        completion_tokens: 1,
        cached_tokens: 0,
        duration_ms: 1,
        status: 200,
        stream: false,
        source: "engine",
        cost: 0,
        ...row,
      })
      .run();
  }
}

function walk(limit: number): string[] {
  const seen: string[] = [];
  let to: number | null = forever.to;
  while (to !== null) {
    const page = usagePage(database, { from: 0, to }, null, limit);
    seen.push(...page.data.map(({ id }) => id));
    to = page.next_before;
  }
  return seen;
}

test("pages lose and double no row, however many share a millisecond and however long a page is", () => {
  const rows = Array.from({ length: 60 }, (_, i) => ({
    id: `req_${String(i).padStart(2, "0")}`,
    at: 100 + Math.floor((i * i) / 97),
  }));
  insert(rows);
  const newestFirst = rows.map(({ id }) => id).reverse();
  for (const limit of [1, 2, 3, 7, 59, 60, 61, 1000]) expect(walk(limit)).toEqual(newestFirst);
});

test("a page ends with all rows of its last millisecond", () => {
  insert([
    { id: "a", at: 1 },
    { id: "b", at: 2 },
    { id: "c", at: 2 },
    { id: "d", at: 2 },
    { id: "e", at: 3 },
  ]);
  const page = usagePage(database, forever, null, 2);
  expect(page.data.map(({ id }) => id)).toEqual(["e", "d", "c", "b"]);
  expect(page.next_before).toBe(2);
  expect(usagePage(database, { from: 0, to: 2 }, null, 2)).toMatchObject({
    data: [{ id: "a" }],
    next_before: null,
  });
});

test("a row that arrives between two pages doubles nothing", () => {
  insert([1, 2, 3, 4].map((at) => ({ id: `req_${at}`, at })));
  const first = usagePage(database, forever, null, 2);
  insert([{ id: "req_9", at: 9 }]);
  const second = usagePage(database, { from: 0, to: first.next_before ?? 0 }, null, 2);
  expect(second.data.map(({ id }) => id)).toEqual(["req_2", "req_1"]);
});

test("one user's pages are complete and hold nobody else's rows", () => {
  insert(
    Array.from({ length: 10 }, (_, i) => ({ id: `a${i}`, at: i, user: i % 2 ? "bob" : "ada" })),
  );
  const page = usagePage(database, forever, "bob", 3);
  expect(page.data.map(({ id, user }) => [id, user])).toEqual([
    ["a9", "bob"],
    ["a7", "bob"],
    ["a5", "bob"],
  ]);
  expect([...usagePages(database, forever, "bob")].flat()).toHaveLength(5);
});

test("an empty table is one empty last page", () => {
  expect(usagePage(database, forever, null, 100)).toEqual({ data: [], next_before: null });
});

test("limits out of range are refused by name", () => {
  for (const limit of [0, -1, 1001, 1.5, Number.NaN]) {
    expect(() => usagePage(database, forever, null, limit)).toThrow(
      expect.objectContaining({ status: 400, param: "limit" }),
    );
  }
});
