import { afterEach, beforeEach, expect, test } from "bun:test";
import {
  existsSync,
  readdirSync,
  readFileSync,
  realpathSync,
  statSync,
  writeFileSync,
} from "node:fs";
import { join } from "node:path";
import { tryLock } from "../../files/lock.ts";
import { type HubBench, hubBench, testBytes } from "./hub-weights.testbed.ts";

const size = 3 * 1024 * 1024 + 5;
const day = 24 * 3_600_000;
const bytes = testBytes(size, 2);
const source = "hf:org/repo:a-Q4_K_M.gguf";
const signal = new AbortController().signal;

let bench: HubBench;
let now: number;
let needed: string[];
beforeEach(async () => {
  bench = await hubBench({ "org/repo": { files: { "a-Q4_K_M.gguf": bytes } } });
  now = Date.now();
  needed = [];
  await reopen();
});
afterEach(() => bench.close());

const reopen = () =>
  bench.reopen({ hub: { ...bench.tools.hub, now: () => now }, needed: () => needed });

async function fetched(): Promise<string> {
  const { path } = await bench.get({ source });
  await bench.recorded(1);
  // Its last use, too, is known from here on.
  await bench.get({ source });
  return realpathSync(path);
}

/** As a disk does it: neither size nor time of change say so. */
function rot(blob: string): void {
  const reference = join(bench.folder, "reference");
  Bun.spawnSync(["touch", "-r", blob, reference]);
  const damaged = readFileSync(blob);
  damaged[Math.floor(size / 2)] = (damaged[Math.floor(size / 2)] ?? 0) ^ 1;
  writeFileSync(blob, damaged);
  Bun.spawnSync(["touch", "-r", reference, blob]);
}

test("what a start does not see is found after a month, removed, and fetched again by the next start", async () => {
  const blob = await fetched();
  rot(blob);
  await bench.get({ source });
  expect(readFileSync(blob)).not.toEqual(Buffer.from(bytes));
  now += 31 * day;
  await reopen();
  await bench.weights.scrub.look(signal);
  expect(bench.lines.join()).toContain("the disk has lost some of it");
  expect(existsSync(blob)).toBe(false);
  expect(bench.weights.sources()).toEqual([]);
  expect(readFileSync((await bench.get({ source })).path)).toEqual(Buffer.from(bytes));
});

test("what is sound is read slowly, at most once a month, and is no more in use by that", async () => {
  const blob = await fetched();
  const used_at_ms = await bench.weights.scrub.look(signal).then(() => lastUse());
  expect(bench.pauses).toEqual([]);
  now += 31 * day;
  await reopen();
  await bench.weights.scrub.look(signal);
  // Three whole pieces of a megabyte at 32 MiB/s, before the rest.
  expect(bench.pauses).toEqual([31.25, 31.25, 31.25]);
  expect(lastUse()).toBe(used_at_ms);
  await bench.weights.scrub.look(signal);
  now += 29 * day;
  await reopen();
  await bench.weights.scrub.look(signal);
  expect(bench.pauses).toHaveLength(3);
  expect([existsSync(blob), bench.lines]).toEqual([true, []]);
});

const recordName = (): string | undefined =>
  readdirSync(join(bench.folder, ".records")).find((name) => !name.endsWith(".new"));
const lastUse = () => statSync(join(bench.folder, ".records", recordName() ?? "")).mtimeMs;

test("what a replica runs from stays and is reported, also by the next agent, until nothing runs from it", async () => {
  const blob = await fetched();
  const digest = blob.split("/").at(-1) ?? "";
  rot(blob);
  needed.push(source);
  now += 31 * day;
  await bench.weights.scrub.look(signal);
  expect(existsSync(blob)).toBe(true);
  expect(await bench.weights.damagedSources()).toEqual([source]);
  // No other host gets it.
  expect(await bench.weights.wholeBlob(digest)).toBeUndefined();
  await reopen();
  await bench.weights.scrub.look(signal);
  expect(await bench.weights.damagedSources()).toEqual([source]);
  expect(readFileSync((await bench.get({ source })).path)).toEqual(Buffer.from(bytes));
  await bench.weights.scrub.look(signal);
  expect(await bench.weights.damagedSources()).toEqual([]);
});

test("damaged weights go when what ran from them has ended", async () => {
  const blob = await fetched();
  rot(blob);
  needed.push(source);
  now += 31 * day;
  await bench.weights.scrub.look(signal);
  needed.pop();
  await bench.weights.scrub.look(signal);
  expect(existsSync(blob)).toBe(false);
});

test("while another agent reads the same cache, this one does not", async () => {
  const blob = await fetched();
  rot(blob);
  now += 31 * day;
  const lock = await tryLock(join(bench.folder, ".locks", "scrub.lock"));
  await bench.weights.scrub.look(signal);
  expect(existsSync(blob)).toBe(true);
  if (typeof lock !== "number") await lock();
  await bench.weights.scrub.look(signal);
  expect(existsSync(blob)).toBe(false);
});

test("what is known to be damaged goes as soon as nothing needs it, also while another agent reads the cache", async () => {
  const other = "hf:org/repo:b-Q8_0.gguf";
  bench.hub.repos["org/repo"] = {
    files: { "a-Q4_K_M.gguf": bytes, "b-Q8_0.gguf": testBytes(1000, 3) },
  };
  const blob = await fetched();
  await bench.get({ source: other });
  await bench.recorded(2);
  rot(blob);
  needed.push(source);
  now += 31 * day;
  await bench.weights.scrub.look(signal);
  expect([existsSync(blob), await bench.weights.damagedSources()]).toEqual([true, [source]]);
  needed.pop();
  now += 31 * day;
  const lock = await tryLock(join(bench.folder, ".locks", "scrub.lock"));
  await bench.weights.scrub.look(signal);
  expect([existsSync(blob), await bench.weights.damagedSources()]).toEqual([false, []]);
  if (typeof lock !== "number") await lock();
});

test("an order to stop ends it in the middle of a blob, which is read again", async () => {
  const blob = await fetched();
  rot(blob);
  now += 31 * day;
  const stop = new AbortController();
  let pauses = 0;
  const pause = async (_: number, ordered: AbortSignal) => {
    pauses += 1;
    if (pauses === 2) stop.abort(new Error("stopped"));
    ordered.throwIfAborted();
  };
  const hub = { ...bench.tools.hub, now: () => now, pause };
  await bench.reopen({ hub });
  await expect(bench.weights.scrub.look(stop.signal)).rejects.toThrow("stopped");
  expect([pauses, existsSync(blob)]).toEqual([2, true]);
  await bench.weights.scrub.look(signal);
  expect(existsSync(blob)).toBe(false);
});
