import { beforeEach, expect, test } from "bun:test";
import { type Database, openDatabase } from "../../storage/database.ts";
import { driftView } from "./checks.ts";
import { Reconciliation } from "./reconciliation.ts";

const hour_ms = 3_600_000;
let database: Database;
let now: number;
let ahead_ms = 0;
let ready: string[];
let open: number;
let lines: string[];
/** What the engine prints: [prompt, completion, in flight]; an error when it cannot be reached. */
let engine: [number, number, number] | Error;
let reads: number;
let duringRead: () => void;
let reconciliation: Reconciliation;

beforeEach(async () => {
  database = openDatabase(":memory:");
  now = 1_700_000_000_000;
  ready = ["rep_1"];
  open = 0;
  lines = [];
  engine = [9, 1, 0];
  reads = 0;
  duringRead = () => {};
  reconciliation = new Reconciliation({
    database,
    replicas: () => ready.map((id) => ({ id, model: "demo" })),
    inflight: () => open,
    async read() {
      reads += 1;
      duringRead();
      if (engine instanceof Error) throw engine;
      const [prompt, completion, inflight] = engine;
      return `llamacpp:prompt_tokens_total ${prompt}\nllamacpp:prompt_tokens_cached_total 0\nllamacpp:tokens_predicted_total ${completion}\nllamacpp:requests_processing ${inflight}\n`;
    },
    now: () => now,
    wall: () => now + ahead_ms,
    log: (line) => lines.push(line),
  });
});

const row = (
  prompt_tokens: number,
  completion_tokens: number,
  replica: string | null = "rep_1",
) => ({
  replica,
  prompt_tokens,
  completion_tokens,
  cached_tokens: 0,
});
const checks = () =>
  driftView(database).data.map((check) => [
    [check.engine_prompt_tokens, check.engine_completion_tokens],
    [check.metered_prompt_tokens, check.metered_completion_tokens],
  ]);
const later = (ms: number) => {
  now += ms;
  return reconciliation.tick();
};

test("each hour's counts are compared, from after the probe that made the replica ready", async () => {
  await later(0);
  for (const prompt of [100, 200]) {
    reconciliation.recorded(row(prompt, 10));
    reconciliation.recorded(row(7, 7, "rep_of_somebody_else"));
    reconciliation.recorded(row(7, 7, null));
    engine = [prompt === 100 ? 109 : 309, prompt === 100 ? 11 : 22, 0];
    await later(hour_ms);
  }
  expect(checks()).toEqual([
    [
      [200, 11],
      [200, 10],
    ],
    [
      [100, 10],
      [100, 10],
    ],
  ]);
  expect(driftView(database).data[0]).toMatchObject({
    from: now - hour_ms,
    to: now,
    model: "demo",
  });
  expect(lines).toEqual([]);
});

test("a clock that was ahead and is set right stops no check, and a check is dated by the right one", async () => {
  ahead_ms = 40 * 24 * hour_ms;
  await later(0);
  reconciliation.recorded(row(100, 10));
  engine = [109, 11, 0];
  ahead_ms = 0;
  await later(hour_ms);
  expect(driftView(database).data[0]).toMatchObject({ from: now - hour_ms, to: now });
});

test("within the hour the engine is left alone, and an idle hour is no check", async () => {
  await later(0);
  for (let i = 0; i < 10; i++) await later(1000);
  expect(reads).toBe(1);
  await later(hour_ms);
  expect([reads, checks()]).toEqual([2, []]);
});

test("a look waits until nothing is in flight here or there, and nothing was for two seconds", async () => {
  await later(0);
  engine = [109, 11, 0];
  open = 1;
  await later(hour_ms);
  expect(reads).toBe(1);
  open = 0;
  reconciliation.recorded(row(100, 10));
  await later(1999);
  expect(reads).toBe(1);
  engine = [109, 11, 1];
  await later(1);
  engine = [109, 11, 0];
  duringRead = () => reconciliation.recorded(row(5, 5));
  await later(1000);
  expect(checks()).toEqual([]);
  duringRead = () => {};
  engine = [114, 16, 0];
  await later(2000);
  expect(checks()).toEqual([
    [
      [105, 15],
      [105, 15],
    ],
  ]);
});

test("a replica that is never idle is looked at an hour later all the same, and that is said", async () => {
  await later(0);
  open = 3;
  reconciliation.recorded(row(100, 10));
  engine = [139, 11, 3];
  await later(2 * hour_ms);
  expect(checks()).toEqual([
    [
      [130, 10],
      [100, 10],
    ],
  ]);
  expect(lines).toEqual([expect.stringContaining("replica rep_1 was never idle")]);
  open = 0;
  reconciliation.recorded(row(30, 20));
  engine = [139, 31, 0];
  await later(hour_ms);
  expect(driftView(database).totals.drift).toBe(0);
});

test("better counts for a row replace what it said", async () => {
  await later(0);
  reconciliation.recorded(row(40, 10));
  reconciliation.amended(row(40, 10), row(100, 10));
  engine = [109, 11, 0];
  await later(hour_ms);
  expect(driftView(database).totals).toMatchObject({ metered_prompt_tokens: 100, drift: 0 });
});

test("an engine that restarted is not compared, and is from there on", async () => {
  await later(0);
  reconciliation.recorded(row(100, 10));
  engine = [9, 0, 0];
  await later(hour_ms);
  expect([checks(), lines.length]).toEqual([[], 1]);
  reconciliation.recorded(row(1, 1));
  engine = [10, 1, 0];
  await later(hour_ms);
  expect(checks()).toEqual([
    [
      [1, 1],
      [1, 1],
    ],
  ]);
});

test("a replica that leaves is looked at once more, when it is drained", async () => {
  await later(0);
  ready = [];
  open = 1;
  await later(1000);
  reconciliation.recorded(row(100, 10));
  open = 0;
  engine = [109, 11, 0];
  await later(2000);
  expect(checks()).toEqual([
    [
      [100, 10],
      [100, 10],
    ],
  ]);
  await later(hour_ms);
  expect(reads).toBe(2);
});

test("one that cannot be reached any more is forgotten, and one that comes back starts over", async () => {
  await later(0);
  reconciliation.recorded(row(100, 10));
  ready = [];
  engine = new Error("secret");
  await later(2000);
  expect([reads, lines]).toEqual([2, []]);
  ready = ["rep_1"];
  engine = [18, 2, 0];
  await later(1000);
  reconciliation.recorded(row(1, 1));
  engine = [19, 3, 0];
  await later(hour_ms);
  expect(checks()).toEqual([
    [
      [1, 1],
      [1, 1],
    ],
  ]);
});

test("a failed look is tried again after a minute and loses nothing, as does a full disk", async () => {
  await later(0);
  reconciliation.recorded(row(100, 10));
  engine = new Error("secret");
  await later(hour_ms);
  await later(59_000);
  expect([reads, lines.length]).toEqual([2, 1]);
  engine = [109, 11, 0];
  database.$client.exec("alter table meter_checks rename to away");
  await later(1000);
  database.$client.exec("alter table away rename to meter_checks");
  await later(60_000);
  expect(checks()).toEqual([
    [
      [100, 10],
      [100, 10],
    ],
  ]);
  expect(lines.join()).not.toContain("secret");
});

test("at a shutdown what is idle is compared", async () => {
  await later(0);
  reconciliation.recorded(row(100, 10));
  engine = [109, 11, 0];
  now += 5000;
  await reconciliation.stop();
  expect(checks()).toEqual([
    [
      [100, 10],
      [100, 10],
    ],
  ]);
});
