import { beforeEach, expect, test } from "bun:test";
import { databaseWithPeople } from "../../../app/access.testbed.ts";
import type { Database } from "../../storage/database.ts";
import { Sessions } from "./sessions.ts";
import { sessions as table } from "./table.ts";

const hour = 3_600_000;
let database: Database;
let now: number;
let sessions: Sessions;
const reopened = () => new Sessions(database, () => now);

beforeEach(() => {
  database = databaseWithPeople();
  now = 1_000_000 * hour;
  sessions = reopened();
});

test("a session is found by its token, also after a restart; the database holds only a hash", () => {
  const token = sessions.start("usr_member");
  expect(sessions.find(token)).toBe("usr_member");
  expect(reopened().find(token)).toBe("usr_member");
  expect(JSON.stringify(database.select().from(table).all())).not.toContain(token);
});

test("finding a session reads nothing from the database", () => {
  const token = sessions.start("usr_member");
  database.$client.close();
  expect(sessions.find(token)).toBe("usr_member");
});

test("it ends 12 hours after its last use", () => {
  const token = sessions.start("usr_member");
  now += 11 * hour;
  expect(sessions.find(token)).toBe("usr_member");
  now += 11 * hour;
  expect(reopened().find(token)).toBe("usr_member");
  now += 12 * hour;
  expect(sessions.find(token)).toBeNull();
  expect(reopened().find(token)).toBeNull();
});

test("it ends 7 days after its start, however much it is used", () => {
  const token = sessions.start("usr_member");
  for (let i = 0; i < 7 * 24 - 1; i++) {
    now += hour;
    expect(sessions.find(token)).toBe("usr_member");
  }
  now += hour;
  expect(sessions.find(token)).toBeNull();
});

test("using it writes to the database at most every ten minutes", () => {
  const token = sessions.start("usr_member");
  const writes = () =>
    database.$client.prepare("select total_changes() as n").get() as { n: number };
  const before = writes().n;
  for (let i = 0; i < 60; i++) {
    now += 60_000;
    sessions.find(token);
  }
  expect(writes().n - before).toBe(6);
});

test("a database that cannot be written signs nobody out", () => {
  const token = sessions.start("usr_member");
  database.$client.pragma("query_only = 1");
  now += 11 * hour;
  expect(sessions.find(token)).toBe("usr_member");
  now += 11 * hour;
  expect(sessions.find(token)).toBe("usr_member");
});

test("an ended session is gone at once and after a restart; others stay", () => {
  const [one, two, other] = ["usr_member", "usr_member", "usr_admin"].map((id) =>
    sessions.start(id),
  );
  sessions.end(one ?? "");
  expect(sessions.find(one ?? "")).toBeNull();
  expect(sessions.find(two ?? "")).toBe("usr_member");
  sessions.endAllOf("usr_member");
  for (const live of [sessions, reopened()]) {
    expect(live.find(two ?? "")).toBeNull();
    expect(live.find(other ?? "")).toBe("usr_admin");
  }
});

test("what was never a token is nobody", () => {
  for (const text of ["", "x", "0".repeat(43), "0".repeat(10_000)]) {
    expect(sessions.find(text)).toBeNull();
  }
});

test("starting a session sweeps the expired ones away", () => {
  sessions.start("usr_member");
  now += 13 * hour;
  sessions.start("usr_admin");
  expect(database.select().from(table).all()).toHaveLength(1);
});
