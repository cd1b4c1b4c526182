import { expect, test } from "bun:test";
import { recorderOf } from "./recorder.ts";

test("a disk that is full stops no pass, is said once, and once more when it is full again", () => {
  const lines: string[] = [];
  let isFull = true;
  const profile = {
    record() {
      if (isFull) throw new Error("database or disk is full");
    },
  };
  const record = recorderOf(profile, (line) => lines.push(line));
  record([]);
  record([]);
  expect(lines).toEqual([expect.stringContaining("ledger: Error: database or disk is full")]);
  isFull = false;
  record([]);
  isFull = true;
  record([]);
  expect(lines).toHaveLength(2);
});
