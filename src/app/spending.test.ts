import { afterAll, expect, test } from "bun:test";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { openDatabase } from "../control/storage/database.ts";
import { UsageLog } from "../control/usage/usage.ts";
import type { UsageRow } from "../control/usage/usage-row.ts";
import { clock } from "./clock.ts";
import { composeSpend, renameSpender } from "./spending.ts";

const folder = mkdtempSync(join(tmpdir(), "hypervize-spending-"));
afterAll(() => rmSync(folder, { recursive: true }));

/** An appliance on the database NAME, as it is after a start. */
function started(name: string) {
  const database = openDatabase(join(folder, name));
  const usage = new UsageLog(database, { log: () => undefined, later: () => undefined });
  const spend = composeSpend(database, usage);
  const sums = (team = "Research") =>
    [
      spend.of("user", "ada@example.org", clock.now()),
      spend.of("team", team, clock.now()),
      spend.of("key", "hv_1234567", clock.now()),
    ].map((sum) => Number(sum.toFixed(9)));
  return { database, usage, spend, sums, end: () => database.$client.close() };
}

const row = (id: string, cost: number): UsageRow => ({
  id,
  at: clock.now(),
  key_prefix: "hv_1234567",
  user: "ada@example.org",
  team: "Research",
  model: "demo",
  endpoint: null,
  replica: "rep_1",
  prompt_tokens: 3,
  completion_tokens: 5,
  cached_tokens: 0,
  ttft_ms: null,
  duration_ms: 80,
  status: 200,
  stream: false,
  source: "engine",
  cost,
});

test("what was spent counts over a restart, also in rows that cost a thousandth each", async () => {
  const before = started("small");
  for (let count = 0; count < 40; count++) await before.usage.record(row(`s${count}`, 0.001));
  await before.usage.record(row("large", 1.5));
  await before.usage.record(row("free", 0));
  expect(before.sums()).toEqual([1.54, 1.54, 1.54]);
  before.end();
  const after = started("small");
  expect(after.sums()).toEqual([1.54, 1.54, 1.54]);
  after.end();
});

test("a team keeps what it has spent under its new name, over a restart too", async () => {
  const before = started("renamed");
  await before.usage.record(row("a", 0.25));
  renameSpender(before.database, before.spend, "Research", "Labs");
  expect([before.sums("Labs")[1], before.sums()[1]]).toEqual([0.25, 0]);
  before.end();
  const after = started("renamed");
  expect([after.sums("Labs")[1], after.sums()[1]]).toEqual([0.25, 0]);
  after.end();
});
