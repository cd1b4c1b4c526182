import { expect, test } from "bun:test";
import { bootId, identify, isAlive, livingGroup, parseStat } from "./process-identity.ts";

const fields = (state: string) =>
  `${state} 1 42 42 0 -1 4194304 66 0 1 0 0 0 0 0 20 0 1 0 217397 2654208 405 18446744073709551615`;

test.each([[`42 (llama-server) ${fields("S")}`], [`42 (a) b (c) d) ${fields("S")}`]])(
  "reads %j, whatever the command is called",
  (text) => {
    expect(parseStat(text)).toEqual({ state: "S", group: 42, session: 42, start_ticks: 217_397 });
  },
);

test.each([[""], ["42 (x"], ["42 (x) S 1 2"]])("%j is no stat line", (text) => {
  expect(parseStat(text)).toBeUndefined();
});

test("this process is alive; one with another start time or boot is not it", () => {
  const own = identify(process.pid);
  if (own === undefined) throw new Error("this process has no entry in /proc");
  expect(own.boot_id).toBe(bootId());
  expect(isAlive(own)).toBe(true);
  expect(isAlive({ ...own, start_ticks: own.start_ticks + 1 })).toBe(false);
  expect(isAlive({ ...own, boot_id: "another boot" })).toBe(false);
});

test("a pid that was given to another process leads no group of ours", () => {
  const own = identify(process.pid);
  if (own === undefined) throw new Error("this process has no entry in /proc");
  expect(livingGroup({ ...own, start_ticks: own.start_ticks + 1 })).toEqual([]);
  expect(livingGroup({ ...own, boot_id: "another boot" })).toEqual([]);
});

test("a pid that nobody has is not identified", () => {
  expect(identify(2 ** 22 + 1)).toBeUndefined();
});
