import { afterEach, beforeEach, expect, test } from "bun:test";
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { epochsIn } from "./epochs.ts";

let folder = "";
let path = "";
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), "hypervize-epochs-"));
  path = join(folder, "agent", "epochs.json");
});
afterEach(() => rmSync(folder, { recursive: true }));

test("the highest epoch of each replica outlives the agent, whatever order they come in", async () => {
  const epochs = await epochsIn(path);
  await Promise.all([epochs.record("a", 1), epochs.record("b", 7), epochs.record("c", 2)]);
  await epochs.record("a", 3);
  await epochs.record("b", 6);
  const again = await epochsIn(path);
  expect(Object.fromEntries(again.all)).toEqual({ a: 3, b: 7, c: 2 });
});

test("only the latest two thousand replicas are remembered", async () => {
  mkdirSync(join(folder, "agent"));
  const known = Array.from({ length: 2000 }, (_, index) => [`r${index}`, 1]);
  writeFileSync(path, JSON.stringify(known));
  const epochs = await epochsIn(path);
  for (const id of ["r1", "new1", "new2"]) await epochs.record(id, 2);
  const { all } = await epochsIn(path);
  expect(all.size).toBe(2000);
  expect(["r0", "r1", "r2", "r3", "new2"].filter((id) => all.has(id))).toEqual([
    "r1",
    "r3",
    "new2",
  ]);
});

test("an epoch that could not be written is not taken for recorded", async () => {
  const epochs = await epochsIn(path);
  await epochs.record("a", 1);
  rmSync(path);
  mkdirSync(path);
  await expect(epochs.record("a", 2)).rejects.toThrow();
  expect(epochs.all.get("a")).toBe(1);
  rmSync(path, { recursive: true });
  await epochs.record("a", 2);
  expect((await epochsIn(path)).all.get("a")).toBe(2);
});

test("a damaged file is named", async () => {
  mkdirSync(join(folder, "agent"));
  writeFileSync(path, "[[");
  await expect(epochsIn(path)).rejects.toThrow(`${path} is damaged`);
});
