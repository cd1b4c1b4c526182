/** Our table of flags beside the program that reads them. */
import { expect, test } from "bun:test";
import { spawnSync } from "node:child_process";
import { readArguments } from "../protocol/runtime-settings.ts";
import { llamaServer } from "./llama-server.ts";

const program = process.env["HYPERVIZE_LLAMA_SERVER"] ?? "llama-server";
const { stdout: help } = spawnSync(program, ["--help"], { encoding: "utf8" });

/** "-c,    --ctx-size N   size of …": the names of one argument, and whether a value stands behind them. */
const heads = [...help.matchAll(/^--?[a-zA-Z].*/gm)].map(([line]) => {
  const [, names = "", behind = ""] = /^((?:--?[a-zA-Z][\w.-]*(?:,\s+)?)+)(.*)$/.exec(line) ?? [];
  return { names: names.split(/,\s+/).map((each) => each.trim()), valued: /^ ?[^ ]/.test(behind) };
});
const flags = heads.flatMap(({ names }) => names);

test("its help was read", () => {
  expect(flags.length).toBeGreaterThan(300);
  expect(flags).toContain("--cors-credentials");
  expect(heads.find(({ names }) => names.includes("-c"))).toEqual({
    names: ["-c", "--ctx-size"],
    valued: true,
  });
});

test("every flag of its help is allowed or refused, none of them both", () => {
  const { allowed, refused } = llamaServer;
  const places = (flag: string) => Number(allowed.has(flag)) + Number(refused.has(flag));
  expect(flags.filter((flag) => places(flag) !== 1)).toEqual([]);
});

test("no flag of ours is missing in its help", () => {
  const known = new Set(flags);
  const ours = [...llamaServer.allowed.keys(), ...llamaServer.refused.keys()];
  expect(ours.filter((flag) => !known.has(flag))).toEqual([]);
});

test("a flag has a value with us where it has one there", () => {
  const other = heads.flatMap(({ names, valued }) =>
    names.filter((flag) => {
      const value = llamaServer.allowed.get(flag);
      return value !== undefined && (value !== null) !== valued;
    }),
  );
  expect(other).toEqual([]);
});

test("it takes none of ours for the name of another one, and our spelling of `=` and `_`", () => {
  const read = readArguments(["--top_k=3", "--mirostat", "0"], "llama-server");
  expect(read.args).toEqual(["--top-k", "3", "--mirostat", "0"]);
  const run = (args: readonly string[]) =>
    spawnSync(program, [...args, "--version"], { encoding: "utf8" });
  expect(run(["--top_k=3"]).status).not.toBe(0);
  expect(run(read.args ?? []).status).toBe(0);
});
