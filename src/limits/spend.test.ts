import { expect, test } from "bun:test";
import { monthEnd, monthStart, Spend } from "./spend.ts";

const november = Date.UTC(2026, 10, 15);
const row = { at: november, key_prefix: "hv_1234567", user: "ada@example.org", team: "Research" };

test("a row counts for its key, its user and its team; what has no cost, for nobody", () => {
  const spend = new Spend(november);
  spend.add({ ...row, cost: 2 }, november);
  spend.add({ ...row, key_prefix: null, team: null, cost: 1 }, november);
  spend.add({ ...row, cost: 0 }, november);
  expect(spend.of("key", "hv_1234567", november)).toBe(2);
  expect(spend.of("user", "ada@example.org", november)).toBe(3);
  expect(spend.of("team", "Research", november)).toBe(2);
  expect(spend.of("user", "Research", november)).toBe(0);
});

test("with the month it starts again at 0, and a late row of the old month does not count", () => {
  const spend = new Spend(november);
  spend.add({ ...row, cost: 2 }, november);
  const last = monthEnd(november) - 1;
  expect(spend.of("user", row.user, last)).toBe(2);
  expect(spend.of("user", row.user, last + 1)).toBe(0);
  spend.add({ ...row, at: last, cost: 5 }, last + 1);
  spend.add({ ...row, at: last + 1, cost: 1 }, last + 1);
  expect(spend.of("user", row.user, last + 1)).toBe(1);
});

test("a better count takes away what was too much", () => {
  const spend = new Spend(november);
  spend.add({ ...row, cost: 2 }, november);
  spend.add({ ...row, cost: -0.5 }, november);
  expect(spend.of("key", "hv_1234567", november)).toBe(1.5);
});

test("what a team has spent goes with its name", () => {
  const spend = new Spend(november);
  spend.add({ ...row, cost: 2 }, november);
  spend.rename("team", "Research", "Labs");
  expect(spend.of("team", "Research", november)).toBe(0);
  expect(spend.of("team", "Labs", november)).toBe(2);
});

test("months are those of the calendar in UTC, also over the end of a year", () => {
  expect(monthStart(Date.UTC(2028, 1, 29, 23, 59, 59, 999))).toBe(Date.UTC(2028, 1, 1));
  expect(monthEnd(Date.UTC(2026, 11, 31, 23))).toBe(Date.UTC(2027, 0, 1));
});
