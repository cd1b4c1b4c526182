/** An import is killed in its middle, as a person's would be: a separate process, kill -9, and again. */
import { afterAll, expect, test } from "bun:test";
import { spawn } from "node:child_process";
import { once } from "node:events";
import { openSync, readFileSync, writeSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { BundleBench, noise, visibleIn } from "./bundle.testbed.ts";
import { chunk_bytes } from "./contents.ts";

const bench = new BundleBench();
afterAll(() => bench.close());
const chunks = 6;

test("after kill -9 the chunks that had arrived are not written again, and the model is whole", async () => {
  const model = noise(chunks * chunk_bytes, 1);
  await bench.export({ models: [`file://${bench.put("m.gguf", model)}`] });
  const bytes = bench.bytes();
  for (const arrived of [1, 3, 5]) {
    const home = bench.home();
    const child = spawn(
      process.execPath,
      [fileURLToPath(import.meta.resolve("./import-process.testbed.ts")), home],
      {
        stdio: ["pipe", "pipe", "inherit"],
      },
    );
    // The pipe holds less than a chunk, so the next one is on its way when the last line comes.
    child.stdin.write(bytes.subarray(0, bench.chunks_at + arrived * chunk_bytes + 5000));
    let said = "";
    for await (const part of child.stdout) {
      said += part;
      if (said.includes(`${arrived * chunk_bytes}\n`)) break;
    }
    child.kill("SIGKILL");
    await once(child, "exit");
    expect(visibleIn(home)).toEqual([]);
    const { items, written_bytes } = await bench.import(home);
    expect(written_bytes).toBe((chunks - arrived) * chunk_bytes);
    expect(readFileSync(items[0]?.path ?? "").equals(model)).toBe(true);
  }
}, 60_000);

test("a chunk that the disk lost is found out, and the next import brings it", async () => {
  const home = bench.home();
  const bytes = bench.bytes();
  const cut = bytes.subarray(0, bench.chunks_at + 2 * chunk_bytes);
  await expect(bench.import(home, { bytes: cut })).rejects.toThrow("ends in chunk 3");
  const [staged] = [...new Bun.Glob("bundle/incoming/*/0/m.gguf").scanSync(home)];
  writeSync(openSync(join(home, staged ?? ""), "r+"), Buffer.alloc(64), 0, 64, chunk_bytes + 100);
  await expect(bench.import(home)).rejects.toThrow("does not have the checksum");
  expect(visibleIn(home)).toEqual([]);
  const { written_bytes } = await bench.import(home);
  expect(written_bytes).toBe(chunks * chunk_bytes);
});

test("two imports at once do not mix: the second says so", async () => {
  const home = bench.home();
  const begun = Promise.withResolvers<void>();
  const first = bench.import(home, { progress: () => begun.resolve() });
  await begun.promise;
  await expect(bench.import(home)).rejects.toThrow(
    "Another import runs in this home. Wait for it.",
  );
  expect((await first).written_bytes).toBe(chunks * chunk_bytes);
});

test("without room nothing is read, and the sentence says how much is to be freed", async () => {
  const home = bench.home();
  const done: number[] = [];
  const refused = bench.import(home, {
    freeBytes: async () => 2 * chunk_bytes,
    progress: (bytes) => void done.push(bytes),
  });
  await expect(refused).rejects.toThrow(
    `The bundle needs 0.06 GB in ${home}, whose disk has 0.02 GB free. Free 0.31 GB there.`,
  );
  expect(done).toEqual([]);
});
