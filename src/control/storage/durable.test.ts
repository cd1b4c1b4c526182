import { afterEach, expect, test } from "bun:test";
import { existsSync, mkdtempSync, readFileSync, rmSync, statSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { openDatabase } from "./database.ts";
import { durably, walFlush } from "./durable.ts";
import { makeFolder, writeDurably } from "./durable-files.ts";

const folders: string[] = [];
const folder = () => {
  const made = mkdtempSync(join(tmpdir(), "durable-"));
  folders.push(made);
  return made;
};
afterEach(() => {
  for (const each of folders.splice(0)) rmSync(each, { recursive: true });
});

/** A database, and flushes that end when they are told to. */
function scene() {
  const database = openDatabase(":memory:");
  database.$client.exec("create table t (n integer)");
  const write = (n: number) => database.$client.prepare("insert into t values (?)").run(n);
  const count = () => database.$client.prepare("select count(*) from t").pluck().get();
  /** How many rows each flush has brought to the disk, and the way to end it. */
  const flushes: { rows: unknown; end: () => void; fail: (error: Error) => void }[] = [];
  const began: (() => void)[] = [];
  const durable = durably(database, () => {
    const { promise, resolve, reject } = Promise.withResolvers<void>();
    flushes.push({ rows: count(), end: resolve, fail: reject });
    began.shift()?.();
    return promise;
  });
  const nextFlush = () => new Promise<void>((resolve) => began.push(resolve));
  return { write, durable, flushes, nextFlush };
}

test("many who wait share one flush, and what was written later gets another one", async () => {
  const { write, durable, flushes, nextFlush } = scene();
  let begins = nextFlush();
  write(1);
  const first = durable();
  write(2);
  const second = durable();
  await begins;
  expect(flushes.map(({ rows }) => rows)).toEqual([2]);
  begins = nextFlush();
  write(3);
  let isThird = false;
  const third = durable().then(() => {
    isThird = true;
  });
  flushes[0]?.end();
  await Promise.all([first, second, begins]);
  expect(isThird).toBe(false);
  expect(flushes.map(({ rows }) => rows)).toEqual([2, 3]);
  flushes[1]?.end();
  await third;
});

test("nothing is flushed while nothing was written", async () => {
  const { write, durable, flushes, nextFlush } = scene();
  const begins = nextFlush();
  write(1);
  const first = durable();
  await begins;
  flushes[0]?.end();
  await first;
  await durable();
  expect(flushes).toHaveLength(1);
});

test("a flush that failed is said to all who waited, and the next one tries again", async () => {
  const { write, durable, flushes, nextFlush } = scene();
  let begins = nextFlush();
  write(1);
  const asked = durable();
  await begins;
  begins = nextFlush();
  flushes[0]?.fail(new Error("EIO"));
  await expect(asked).rejects.toThrow("EIO");
  const again = durable();
  await begins;
  flushes[1]?.end();
  await again;
});

test("the write-ahead log is flushed while the database is in use", async () => {
  const file = join(folder(), "x.db");
  const database = openDatabase(file);
  await walFlush(file)();
  database.$client.close();
  await expect(walFlush(file)()).rejects.toThrow("ENOENT");
});

test("a durable file is whole, its owner's alone, and leaves nothing beside it", () => {
  const deep = join(folder(), "a", "b");
  makeFolder(deep);
  makeFolder(deep);
  const file = join(deep, "secret");
  writeDurably(file, "one");
  writeDurably(file, "two");
  expect(readFileSync(file, "utf8")).toBe("two");
  expect(statSync(file).mode & 0o777).toBe(0o600);
  expect(statSync(deep).mode & 0o777).toBe(0o700);
  expect(existsSync(`${file}.new`)).toBe(false);
});
