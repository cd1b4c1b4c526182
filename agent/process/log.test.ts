import { afterEach, beforeEach, expect, test } from "bun:test";
import { closeSync, mkdtempSync, readFileSync, rmSync, statSync, writeSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { logTail, openLog, rotateLog } from "./log.ts";

let folder = "";
let path = "";
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), "hypervize-log-"));
  path = join(folder, "rep.log");
});
afterEach(() => rmSync(folder, { recursive: true }));

test("a log that grows too large is cut while its writer goes on", () => {
  const writer = openLog(path);
  writeSync(writer, "old\n".repeat(300));
  expect(rotateLog(path, 1000)).toBe(true);
  writeSync(writer, "new\n");
  closeSync(writer);
  expect(readFileSync(path, "utf8")).toBe("new\n");
  expect(statSync(`${path}.1`).size).toBe(500);
  expect(rotateLog(path, 1000)).toBe(false);
});

test("a new process begins a new log and the last one is kept", () => {
  for (const line of ["first\n", "second\n"]) {
    const writer = openLog(path);
    writeSync(writer, line);
    closeSync(writer);
  }
  expect(logTail(path)).toEqual(["second"]);
  expect(logTail(`${path}.1`)).toEqual(["first"]);
});

test("the tail is the last lines with text, each of bounded length", () => {
  const writer = openLog(path);
  writeSync(writer, `${"x".repeat(50_000)}\n1\n\n2\n${"y".repeat(900)}\n`);
  closeSync(writer);
  expect(logTail(path, 3)).toEqual(["1", "2", "y".repeat(500)]);
  expect(logTail(join(folder, "none.log"))).toEqual([]);
});

test("only the owner may read a log", () => {
  closeSync(openLog(path));
  expect(statSync(path).mode & 0o777).toBe(0o600);
});
