import { beforeEach, expect, test } from "bun:test";
import { type Database, openDatabase } from "../storage/database.ts";
import { usage } from "./table.ts";
import { UsageLog } from "./usage.ts";
import type { Amended, Counts, UsageRow } from "./usage-row.ts";

let database: Database;
let log: UsageLog;
let lines: string[];
let retries: (() => void)[];
let heard: Amended[];

beforeEach(() => {
  database = openDatabase(":memory:");
  lines = [];
  retries = [];
  heard = [];
  log = new UsageLog(database, {
    log: (line) => lines.push(line),
    later: (run) => retries.push(run),
  });
  log.onAmend((amended) => heard.push(amended));
});

const estimated = (id: string): UsageRow => ({
  id,
  at: 1000,
  key_prefix: "hv_1234567",
  user: "member@example.org",
  team: "blue",
  model: "demo",
  endpoint: null,
  replica: "rep_1",
  prompt_tokens: 30,
  completion_tokens: 5,
  cached_tokens: 0,
  ttft_ms: 12.5,
  duration_ms: 80.25,
  status: 499,
  stream: true,
  source: "estimated",
  cost: 1.5,
});
const better: Counts = {
  prompt_tokens: 12,
  completion_tokens: 7,
  cached_tokens: 4,
  source: "counted",
  cost: 0.25,
};
const stored = () => database.select().from(usage).orderBy(usage.id).all();
const nextTurn = () => new Promise((resolve) => setImmediate(resolve));
const fillDisk = () => database.$client.pragma("max_page_count = 1");
const freeDisk = () => database.$client.pragma("max_page_count = 100000");

test("a row on disk gets the counts, the source and the cost, and keeps all else", async () => {
  await Promise.all(["a", "b"].map((id) => log.record(estimated(id))));
  log.amend("a", better);
  await nextTurn();
  expect(stored()).toEqual([{ ...estimated("a"), ...better }, estimated("b")]);
});

test("a row of this very turn is amended in the same commit", async () => {
  const recorded = log.record(estimated("a"));
  log.amend("a", better);
  expect(stored()).toEqual([]);
  await recorded;
  expect(stored()).toEqual([{ ...estimated("a"), ...better }]);
});

test("a row that waits for the disk is amended there, also when the disk is full for long", async () => {
  fillDisk();
  for (let i = 0; log.unrecorded === 0; i++) await log.record(estimated(`fill_${i}`));
  await log.record(estimated("zz"));
  log.amend("zz", better);
  await nextTurn();
  retries.shift()?.();
  expect([log.unrecorded, heard.length]).toEqual([2, 0]);
  freeDisk();
  retries.shift()?.();
  expect(log.unrecorded).toBe(0);
  expect(stored().at(-1)).toEqual({ ...estimated("zz"), ...better });
  expect(heard).toHaveLength(1);
});

test("an amendment makes no row and tells nobody when there is none", async () => {
  log.amend("unknown", better);
  await nextTurn();
  expect(stored()).toEqual([]);
  expect([heard, lines, log.unrecorded]).toEqual([[], [], 0]);
});

test("listeners hear once what the row was, and what it is", async () => {
  await log.record(estimated("a"));
  log.amend("a", better);
  log.amend("unknown", better);
  await nextTurn();
  expect(heard).toEqual([{ before: estimated("a"), better }]);
});

test("many amendments of one turn are one commit, and the last word on a row counts", async () => {
  const rows = Array.from({ length: 20 }, (_, i) => estimated(`r${10 + i}`));
  await Promise.all(rows.map((row) => log.record(row)));
  for (const { id } of rows) log.amend(id, { ...better, prompt_tokens: 1 });
  for (const { id } of rows) log.amend(id, better);
  expect(stored()).toEqual(rows);
  await nextTurn();
  expect(stored()).toEqual(rows.map((row) => ({ ...row, ...better })));
});

test("counts that break the table's rules are dropped alone, and the row stays as it was", async () => {
  await Promise.all(["a", "b"].map((id) => log.record(estimated(id))));
  log.amend("a", { ...better, prompt_tokens: Number.NaN });
  log.amend("b", better);
  await nextTurn();
  expect(stored()).toEqual([estimated("a"), { ...estimated("b"), ...better }]);
  expect(lines).toEqual(["usage: the counts for request a are not valid and were dropped."]);
  expect(log.unrecorded).toBe(0);
});

test("flush at shutdown takes amendments along", async () => {
  const pending = log.record(estimated("a"));
  log.amend("a", better);
  expect(log.flush()).toBe(0);
  expect(stored()).toEqual([{ ...estimated("a"), ...better }]);
  await pending;
});
