import { afterAll, beforeEach, expect, test } from "bun:test";
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { recordAppliance, runningAppliance, serviceIn } from "./running.ts";

const url = "http://127.0.0.1:1";
const home = mkdtempSync(join(tmpdir(), "hypervize-running-"));
const file = join(home, "run", "appliance.json");
const recorded = (): object => JSON.parse(readFileSync(file, "utf8"));

beforeEach(() => recordAppliance(home, url));
afterAll(() => rmSync(home, { recursive: true }));

test("an appliance is found by its record, and not by that of another process with its pid", () => {
  expect(runningAppliance(home)).toMatchObject({ pid: process.pid, url });
  writeFileSync(file, JSON.stringify({ ...recorded(), start_ticks: 1 }));
  expect(runningAppliance(home)).toBeUndefined();
});

test("a record of another boot names nobody, although pid and start time are the same", () => {
  writeFileSync(file, JSON.stringify({ ...recorded(), boot_id: "another" }));
  expect(runningAppliance(home)).toBeUndefined();
});

test("the record of an older appliance, which names no boot, is still found", () => {
  const { boot_id: _, ...older } = recorded() as { boot_id: string };
  writeFileSync(file, JSON.stringify(older));
  expect(runningAppliance(home)).toMatchObject({ pid: process.pid, url });
});

test("a process is known as our service by its control group, in both versions of these", () => {
  expect(serviceIn("0::/system.slice/hypervize.service\n")).toBe("hypervize");
  expect(serviceIn("1:name=systemd:/system.slice/hypervize-agent.service/a\n0::/\n")).toBe(
    "hypervize-agent",
  );
  expect(serviceIn("0::/system.slice/hypervize-ci-runner.service\n")).toBeUndefined();
  expect(serviceIn("0::/user.slice/user-0.slice/session-1.scope\n")).toBeUndefined();
});
