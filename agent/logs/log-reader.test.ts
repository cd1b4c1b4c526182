import { afterEach, beforeEach, expect, test } from "bun:test";
import { closeSync, mkdirSync, mkdtempSync, rmSync, writeSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { openLog, rotateLog } from "../process/log.ts";
import { LogReader } from "./log-reader.ts";

let folder = "";
let path = "";
let reader: LogReader;
const writers: number[] = [];
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), "hypervize-logs-"));
  path = join(folder, "rep.log");
  reader = new LogReader(path);
});
afterEach(() => {
  reader.close();
  for (const writer of writers.splice(0)) closeSync(writer);
  rmSync(folder, { recursive: true });
});

/** The log of a new process. */
function start(text: string): (text: string) => void {
  const writer = openLog(path);
  writers.push(writer);
  writeSync(writer, text);
  return (more) => void writeSync(writer, more);
}

test("begins with the last lines and goes on with what is new", () => {
  const write = start("one\ntwo\nthree\nfo");
  expect(reader.tail(2)).toEqual(["two", "three"]);
  expect(reader.read()).toEqual([]);
  write("ur\nfive\n");
  expect(reader.read()).toEqual(["four", "five"]);
  expect(reader.read()).toEqual([]);
});

test("asked for no lines, begins with what is new", () => {
  const write = start("one\n");
  expect(reader.tail(0)).toEqual([]);
  write("two\n");
  expect(reader.read()).toEqual(["two"]);
});

test("waits for a log that is not there yet", () => {
  expect(reader.tail(10)).toEqual([]);
  expect(reader.read()).toEqual([]);
  start("one\n");
  expect(reader.read()).toEqual(["one"]);
});

test("goes on when the log is cut under its writer", () => {
  const write = start("old\n".repeat(300));
  expect(reader.tail(1)).toEqual(["old"]);
  expect(rotateLog(path, 1000)).toBe(true);
  expect(reader.read()).toEqual([]);
  write("new\n");
  expect(reader.read()).toEqual(["new"]);
});

test("reads the last words of a process before the first ones of the next", () => {
  const write = start("first start\n");
  expect(reader.tail(5)).toEqual(["first start"]);
  write("it crashed\nwithout an end");
  start("second start\n");
  expect(reader.read()).toEqual(["it crashed", "without an end", "second start"]);
});

test("the last lines reach back into the log before, when this one has fewer", () => {
  start("one\ntwo\nthree");
  start("four\n");
  expect(reader.tail(3)).toEqual(["two", "three", "four"]);
  expect(new LogReader(path).tail(1)).toEqual(["four"]);
});

test("the last lines of a long log are whole", () => {
  start("0123456789 a line\n".repeat(50_000));
  expect(new Set(reader.tail(1000))).toEqual(new Set(["0123456789 a line"]));
});

test("of a log that outgrows it a part is read each time, and all of it in the end", () => {
  const write = start("");
  reader.tail(0);
  const line = `${"x".repeat(1000)}\n`;
  write(line.repeat(700));
  expect(reader.unread()).toBe(700 * line.length);
  const counts = [1, 2, 3].map(() => reader.read().length);
  expect(Math.max(...counts)).toBeLessThan(300);
  expect(counts.reduce((sum, count) => sum + count)).toBe(700);
  expect(reader.unread()).toBe(0);
});

test("what cannot be read is an error", () => {
  mkdirSync(path);
  expect(() => reader.tail(1)).toThrow("EISDIR");
});
