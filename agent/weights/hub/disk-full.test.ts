/** A real disk that runs full in the middle of a download: a tmpfs of a few megabytes. */
import { afterEach, beforeEach, expect, test } from "bun:test";
import { spawnSync } from "node:child_process";
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { type HubBench, hubBench, reached, testBytes } from "./hub-weights.testbed.ts";

const model = testBytes(4 * 1024 * 1024);
const folder = mkdtempSync(join(tmpdir(), "hypervize-tmpfs-"));
const run = (program: string, ...words: string[]) => spawnSync(program, words).status === 0;
const mounted =
  process.getuid?.() === 0 && run("mount", "-t", "tmpfs", "-o", "size=6m", "t", folder);
if (!mounted)
  process.stderr.write("A disk that runs full is not tested: no tmpfs can be mounted.\n");
process.once("exit", () => {
  if (mounted) run("umount", folder);
  rmSync(folder, { recursive: true, force: true });
});

let bench: HubBench;
beforeEach(async () => {
  bench = await hubBench({ "org/repo": { files: { "m.gguf": model } } });
  const cache = join(folder, "hub");
  mkdirSync(cache);
  await bench.reopen({ folder: cache, records_folder: join(cache, ".records") });
});
afterEach(() => bench.close());

test.skipIf(!mounted)(
  "it fails with the disk's word, and goes on from where it was when there is room",
  async () => {
    bench.hub.bytes_per_s = 8_000_000;
    const { tell, there } = reached(1_000_000);
    const first = bench.get({ source: "hf:org/repo", tell });
    await there;
    // It takes what there is before it fails.
    const other = join(folder, "other");
    expect(() => writeFileSync(other, Buffer.alloc(6 * 1024 * 1024))).toThrow("ENOSPC");
    await expect(first).rejects.toMatchObject({ code: "ENOSPC" });
    rmSync(other);
    const before = bench.hub.sent();
    const { path } = await bench.get({ source: "hf:org/repo" });
    expect(readFileSync(path)).toEqual(Buffer.from(model));
    // Not from its beginning.
    expect(bench.hub.sent() - before).toBeLessThan(model.length);
  },
);
