import { beforeEach, expect, test } from "bun:test";
import { type Database, openDatabase } from "../storage/database.ts";
import { usage } from "./table.ts";
import { UsageLog } from "./usage.ts";
import type { UsageRow } from "./usage-row.ts";

let database: Database;
let log: UsageLog;
let lines: string[];
let timers: { run: () => void; delay_ms: number }[];

beforeEach(() => {
  database = openDatabase(":memory:");
  lines = [];
  timers = [];
  log = new UsageLog(database, {
    log: (line) => lines.push(line),
    later: (run, delay_ms) => timers.push({ run, delay_ms }),
  });
});

const row = (id: string, changes: Partial<UsageRow> = {}): UsageRow => ({
  id,
  at: 1000,
  key_prefix: "hv_1234567",
  user: "member@example.org",
  team: null,
  model: "demo",
  endpoint: null,
  replica: "rep_1",
  prompt_tokens: 3,
  completion_tokens: 5,
  cached_tokens: 0,
  ttft_ms: 12.5,
  duration_ms: 80.25,
  status: 200,
  stream: true,
  source: "engine",
  cost: 0,
  ...changes,
});

const stored = () => database.select().from(usage).orderBy(usage.id).all();
/** SQLite gives out no more pages: what a full disk looks like to it. */
const fillDisk = () => database.$client.pragma("max_page_count = 1");
const freeDisk = () => database.$client.pragma("max_page_count = 100000");
/** Fills the last pages up to the brim, so that the very next insert needs a new one. */
async function recordUntilFull(): Promise<number> {
  fillDisk();
  for (let count = 0; ; count++) {
    if (log.unrecorded > 0) return count - 1;
    await log.record(row(`fill_${count}`));
  }
}
const tick = () => timers.shift()?.run();

test("when the promise resolves, the row is on disk as it was given", async () => {
  const given = [
    row("a"),
    row("b", { key_prefix: null, ttft_ms: null, stream: false, status: 499 }),
  ];
  await Promise.all(given.map((each) => log.record(each)));
  expect(stored()).toEqual(given);
});

test("rows of one turn are committed together, at its end", async () => {
  const promises = Array.from({ length: 100 }, (_, i) => log.record(row(`r${i}`)));
  expect(new Set(promises).size).toBe(1);
  expect(stored()).toEqual([]);
  await promises[0];
  expect(stored()).toHaveLength(100);
});

test("listeners hear of every row once", async () => {
  const heard: string[] = [];
  log.onRecord(({ id }) => heard.push(id));
  await Promise.all([log.record(row("a")), log.record(row("b"))]);
  await log.record(row("c"));
  expect(heard).toEqual(["a", "b", "c"]);
});

test("the same request id twice is one row", async () => {
  await Promise.all([log.record(row("a")), log.record(row("a", { status: 500 }))]);
  expect(stored()).toEqual([row("a")]);
  expect(log.unrecorded).toBe(0);
});

test("a full disk delays the row, not the answer: it waits in memory and is saved when there is room", async () => {
  const before = await recordUntilFull();
  expect(log.unrecorded).toBe(1);
  expect(lines).toEqual([expect.stringMatching(/1 rows could not be saved \(SQLITE_FULL\)/)]);
  await log.record(row("z"));
  expect([log.unrecorded, lines.length]).toEqual([2, 1]);
  freeDisk();
  tick();
  expect(log.unrecorded).toBe(0);
  expect(stored()).toHaveLength(before + 2);
  expect(lines.at(-1)).toBe("usage: 2 waiting rows are saved.");
  await log.record(row("zz"));
  expect(stored()).toHaveLength(before + 3);
});

test("retries back off to 30 s, one timer at a time, and the log says no content", async () => {
  await recordUntilFull();
  const delays: number[] = [];
  for (let i = 0; i < 8; i++) {
    expect(timers).toHaveLength(1);
    delays.push(timers[0]?.delay_ms ?? 0);
    tick();
  }
  expect(delays).toEqual([1000, 2000, 4000, 8000, 16_000, 30_000, 30_000, 30_000]);
  expect(lines).toHaveLength(9);
  expect(lines.join()).not.toContain("example.org");
});

test("at most 10,000 rows wait; the rest are counted and said to be lost", async () => {
  await recordUntilFull();
  await Promise.all(Array.from({ length: 10_050 }, (_, i) => log.record(row(`w${i}`))));
  expect(log.unrecorded).toBe(10_051);
  expect(lines.at(-1)).toContain("51 rows are lost");
  freeDisk();
  tick();
  expect(log.unrecorded).toBe(51);
});

test("one row that breaks the table's rules does not take its neighbours with it", async () => {
  const broken = row("broken", { duration_ms: Number.NaN });
  await Promise.all([log.record(row("a")), log.record(broken), log.record(row("c"))]);
  expect(stored().map(({ id }) => id)).toEqual(["a", "c"]);
  expect([log.unrecorded, timers.length]).toEqual([1, 0]);
  expect(lines).toEqual(["usage: the row of request broken is not valid and was dropped."]);
});

test("flush commits what this turn recorded and what waits, and says what it could not save", async () => {
  const pending = log.record(row("a"));
  expect(log.flush()).toBe(0);
  expect(stored()).toHaveLength(1);
  await pending;
  await recordUntilFull();
  expect(log.flush()).toBe(1);
  freeDisk();
  expect(log.flush()).toBe(0);
});
