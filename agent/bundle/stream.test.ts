import { afterAll, expect, test } from "bun:test";
import { spawn } from "node:child_process";
import { once } from "node:events";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { BundleBench, noise, visibleIn } from "./bundle.testbed.ts";
import { streamSource } from "./byte-source.ts";

const bench = new BundleBench();
afterAll(() => bench.close());

test("a stream of odd pieces is read in the lengths that are asked for", async () => {
  async function* pieces() {
    for (const length of [1, 0, 5, 2, 9]) yield noise(20, 1).subarray(0, length);
  }
  const source = streamSource(pieces());
  expect((await source.read(4)).length).toBe(4);
  expect(await source.skip(6)).toBe(true);
  expect((await source.read(100)).length).toBe(7);
  expect((await source.read(1)).length).toBe(0);
  expect(await source.skip(1)).toBe(false);
});

test("a bundle comes in by a pipe, and a pipe that breaks off leaves nothing visible", async () => {
  await bench.export({ models: [`file://${bench.put("m.gguf", noise(20_000_000, 2))}`] });
  for (const [bytes, code] of [
    [bench.bytes().subarray(0, -1), 1],
    [bench.bytes(), 0],
  ] as const) {
    const home = bench.home();
    const program = fileURLToPath(import.meta.resolve("./import-process.testbed.ts"));
    const child = spawn(process.execPath, [program, home], { stdio: ["pipe", "ignore", "ignore"] });
    child.stdin.end(bytes);
    const [ended] = (await once(child, "exit")) as [number];
    expect(ended).toBe(code);
    expect(visibleIn(home).some((name) => name.endsWith("m.gguf"))).toBe(code === 0);
  }
});

test("an export does not touch a file that is there, and leaves no half of one", async () => {
  await expect(bench.export({ models: ["org/none"] })).rejects.toThrow("exists already");
  const file = join(bench.folder, "new.hvb");
  await expect(bench.export({ file, models: ["file:///nowhere.gguf"] })).rejects.toThrow(
    "There is no /nowhere.gguf here",
  );
  await expect(bench.export({ file, models: ["what is this"] })).rejects.toThrow("names no model");
  const astray = bench.export({ file: join(bench.folder, "none/x.hvb"), models: [] });
  await expect(astray).rejects.toThrow("x.hvb cannot be written. Check its folder");
  const stop = new AbortController();
  const aborted = bench.export({
    file,
    models: [`file://${join(bench.folder, "m.gguf")}`],
    signal: stop.signal,
    progress: () => stop.abort(),
  });
  await expect(aborted).rejects.toThrow();
  expect([...new Bun.Glob("new.hvb*").scanSync(bench.folder)]).toEqual([]);
});
