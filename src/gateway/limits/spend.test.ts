import { expect, test } from "bun:test";
import { monthEnd, monthStart, Spend, type Spent } from "./spend.ts";

const november = Date.UTC(2026, 10, 15);
const row = { at: november, key_prefix: "hv_1234567", user: "ada@example.org", team: "Research" };

/** It holds the month of NOW; WRITTEN is what is on disk, also later. */
function spendOf(written: readonly Spent[], now: number): Spend {
  const spend = new Spend((from, to) => written.filter(({ at }) => at >= from && at < to));
  spend.turn(now);
  return spend;
}

test("a row counts for its key, its user and its team; what has no cost, for nobody", () => {
  const spend = spendOf([], november);
  spend.add({ ...row, cost: 2 });
  spend.add({ ...row, key_prefix: null, team: null, cost: 1 });
  spend.add({ ...row, cost: 0 });
  expect(spend.of("key", "hv_1234567", november)).toBe(2);
  expect(spend.of("user", "ada@example.org", november)).toBe(3);
  expect(spend.of("team", "Research", november)).toBe(2);
  expect(spend.of("user", "Research", november)).toBe(0);
});

test("with the month it starts again at 0, and a late row of the old month does not count", () => {
  const spend = spendOf([], november);
  spend.add({ ...row, cost: 2 });
  const last = monthEnd(november) - 1;
  expect(spend.of("user", row.user, last)).toBe(2);
  expect(spend.of("user", row.user, last + 1)).toBe(0);
  spend.add({ ...row, at: last, cost: 5 });
  spend.add({ ...row, at: last + 1, cost: 1 });
  expect(spend.of("user", row.user, last + 1)).toBe(1);
});

test("a clock that was ahead of the month, or behind, is set right: what counts is what the rows of this month say", () => {
  const written: Spent[] = [{ ...row, cost: 2 }];
  const december = monthEnd(november) + 1;
  for (const wrong of [december, monthStart(november) - 1]) {
    const spend = spendOf(written, wrong);
    expect(spend.of("user", row.user, wrong)).toBe(0);
    // It was dated in the month that was thought to be.
    spend.add({ ...row, at: wrong, cost: 7 });
    expect(spend.of("user", row.user, wrong)).toBe(7);
    expect(spend.of("user", row.user, november)).toBe(2);
    spend.add({ ...row, cost: 1 });
    expect(spend.of("user", row.user, november)).toBe(3);
  }
});

test("a row that was written before its month is asked for counts once", () => {
  const written: Spent[] = [];
  const spend = spendOf(written, november);
  const december = { ...row, at: monthEnd(november), cost: 4 };
  written.push(december);
  spend.add(december);
  expect(spend.of("user", row.user, december.at)).toBe(4);
});

test("a better count takes away what was too much", () => {
  const spend = spendOf([], november);
  spend.add({ ...row, cost: 2 });
  spend.add({ ...row, cost: -0.5 });
  expect(spend.of("key", "hv_1234567", november)).toBe(1.5);
});

test("what a team has spent goes with its name", () => {
  const spend = spendOf([], november);
  spend.add({ ...row, cost: 2 });
  spend.rename("team", "Research", "Labs");
  expect(spend.of("team", "Research", november)).toBe(0);
  expect(spend.of("team", "Labs", november)).toBe(2);
});

test("months are those of the calendar in UTC, also over the end of a year", () => {
  expect(monthStart(Date.UTC(2028, 1, 29, 23, 59, 59, 999))).toBe(Date.UTC(2028, 1, 1));
  expect(monthEnd(Date.UTC(2026, 11, 31, 23))).toBe(Date.UTC(2027, 0, 1));
});
