import { afterEach, beforeEach, expect, test } from "bun:test";
import { mkdirSync, symlinkSync, unlinkSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { digestsOf, test_commit } from "./hub-repos.testbed.ts";
import { type HubBench, hubBench, testBytes } from "./hub-weights.testbed.ts";

const names = [
  "m-Q4_K_M.gguf",
  "m-Q8_0.gguf",
  "m-BF16-00001-of-00002.gguf",
  "m-BF16-00002-of-00002.gguf",
];
const files = Object.fromEntries(names.map((name, seed) => [name, testBytes(1000, seed)]));
const pinned = `hf:org/repo@${test_commit}`;

let bench: HubBench;
beforeEach(async () => {
  bench = await hubBench({ "org/repo": { files } });
});
afterEach(() => bench.close());

/** As huggingface_hub leaves it. */
function cacheOf(name: string, revision?: string): void {
  const folder = join(bench.folder, "models--org--repo");
  const { etag } = digestsOf(name, testBytes(1000, names.indexOf(name)));
  for (const part of ["blobs", "refs", `snapshots/${test_commit}`]) {
    mkdirSync(join(folder, part), { recursive: true });
  }
  writeFileSync(join(folder, "blobs", etag), testBytes(1000, names.indexOf(name)));
  symlinkSync(`../../blobs/${etag}`, join(folder, "snapshots", test_commit, name));
  if (revision) writeFileSync(join(folder, "refs", revision), test_commit);
}

test.each(["hf:org/repo", "hf:org/repo:Q4_K_M", "hf:org/repo@v1:m-Q8_0.gguf", `${pinned}:BF16`])(
  "%s is asked for once, and never again by this agent or the next",
  async (source) => {
    const first = await bench.get({ source });
    await bench.reopen();
    bench.hub.requests.length = 0;
    expect(await bench.get({ source })).toEqual(first);
    expect(bench.hub.requests).toEqual([]);
  },
);

test.each([`${pinned}:m-Q8_0.gguf`, "hf:org/repo:Q8_0"])(
  "%s is found in a cache that huggingface_hub made, without a request",
  async (source) => {
    cacheOf("m-Q8_0.gguf", "main");
    await bench.get({ source });
    expect(bench.hub.requests).toEqual([]);
  },
);

test("a lonely quant in the cache is not taken for the usual one", async () => {
  cacheOf("m-Q8_0.gguf", "main");
  expect((await bench.get({ source: "hf:org/repo" })).path).toEndWith("/m-Q4_K_M.gguf");
});

test("a blob that lies here is not fetched again for another revision", async () => {
  cacheOf("m-Q4_K_M.gguf");
  await bench.get({ source: "hf:org/repo@v1" });
  expect(bench.hub.sent()).toBe(0);
});

test("a file that vanished is fetched again", async () => {
  const { path } = await bench.get({ source: "hf:org/repo" });
  unlinkSync(
    join(
      bench.folder,
      "models--org--repo/blobs",
      digestsOf(names[0] ?? "", testBytes(1000, 0)).etag,
    ),
  );
  expect((await bench.get({ source: "hf:org/repo" })).path).toBe(path);
  expect(bench.hub.sent()).toBe(2000);
});

test("the sources that lie here whole are known by commit and file, and as they were asked for", async () => {
  await bench.get({ source: "hf:org/repo:BF16" });
  const canonical = `${pinned}:m-BF16-00001-of-00002.gguf`;
  expect(bench.weights.sources()).toEqual([canonical, "hf:org/repo:BF16"]);
  cacheOf("m-Q8_0.gguf");
  mkdirSync(join(bench.folder, "version"));
  mkdirSync(join(bench.folder, "models--org--empty"));
  await bench.reopen();
  expect([...bench.weights.sources()].sort()).toEqual([canonical, `${pinned}:m-Q8_0.gguf`]);
  unlinkSync(join(bench.folder, "models--org--repo/snapshots", test_commit, names[3] ?? ""));
  await bench.reopen();
  expect(bench.weights.sources()).toEqual([`${pinned}:m-Q8_0.gguf`]);
});
