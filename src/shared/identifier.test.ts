import { expect, test } from "bun:test";
import { newId, newRequestId } from "./identifier.ts";

test("ids are long, plain and never the same", () => {
  const ids = Array.from({ length: 1000 }, () => newId("key"));
  expect(new Set(ids).size).toBe(1000);
  for (const id of ids) expect(id).toMatch(/^key_[0-9A-Za-z]{20}$/);
});

test("ids of requests sort by their time, and differ within a millisecond", () => {
  const times = [0, 1, 61, 62, 1_700_000_000_000, 1_700_000_000_001, 9_999_999_999_999];
  const ids = times.map(newRequestId);
  expect([...ids].sort((a, b) => (a < b ? -1 : 1))).toEqual(ids);
  for (const id of ids) expect(id).toMatch(/^req_[0-9A-Za-z]{20}$/);
  expect(new Set(Array.from({ length: 1000 }, () => newRequestId(5))).size).toBe(1000);
});
