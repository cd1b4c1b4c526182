import { afterEach, beforeEach, expect, test } from "bun:test";
import { readdirSync, readFileSync, realpathSync, statSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { digestsOf } from "./hub-repos.testbed.ts";
import { type HubBench, hubBench, testBytes } from "./hub-weights.testbed.ts";

const size = 100_000;
const small = testBytes(size, 1);
/** Its checksum is made by a thread. */
const large = testBytes(3 * 1024 * 1024, 2);
const files = { "a-Q4_K_M.gguf": small, "b-Q8_0.gguf": testBytes(size, 3), "c-BF16.gguf": large };
const source = "hf:org/repo:a-Q4_K_M.gguf";

let bench: HubBench;
beforeEach(async () => {
  bench = await hubBench({ "org/repo": { files } });
});
afterEach(() => bench.close());

const blobs = () => readdirSync(join(bench.folder, "models--org--repo", "blobs"));
const records = () => readdirSync(join(bench.folder, ".records"));

function flip(path: string): void {
  const bytes = readFileSync(path);
  bytes[size / 2] = (bytes[size / 2] ?? 0) ^ 1;
  writeFileSync(path, bytes);
}

test.each([
  ["a-Q4_K_M.gguf", small],
  ["c-BF16.gguf", large],
])(
  "one flipped byte in %s is found before a runtime sees it, and the file is fetched again",
  async (name, bytes) => {
    const wish = { source: `hf:org/repo:${name}` };
    const { path } = await bench.get(wish);
    await bench.recorded(1);
    flip(path);
    await bench.reopen();
    expect(readFileSync((await bench.get(wish)).path)).toEqual(Buffer.from(bytes));
    expect(bench.lines.join()).toContain(
      "has changed on the disk; it is removed and fetched again",
    );
  },
);

test("what was checked is not read again while nobody touches it", async () => {
  const { path } = await bench.get({ source });
  await bench.recorded(1);
  // The time of the last reading alone, which a reading would renew.
  Bun.spawnSync(["touch", "-a", "-d", "@1000", realpathSync(path)]);
  await bench.get({ source });
  expect(statSync(path).atimeMs).toBe(1_000_000);
});

test("a blob of which nothing is known is checked once, as one that another program made", async () => {
  const { etag } = digestsOf("a-Q4_K_M.gguf", small);
  const { path } = await bench.get({ source });
  await bench.recorded(1);
  for (const name of records()) await Bun.file(join(bench.folder, ".records", name)).delete();
  // The record is visible a moment before the agent forgets that it has just checked the blob: take another agent.
  await bench.reopen({});
  await bench.get({ source });
  expect(records()).toEqual([`${etag}-${statSync(path).ino}`]);
  expect(bench.lines).toEqual([]);
});

test("the longest unused makes room, is no longer told of, and comes again when it is wanted", async () => {
  let now = 1_000_000;
  const total_bytes = 10 * size;
  let free_bytes = total_bytes;
  const needed: string[] = [];
  await bench.reopen({
    hub: { ...bench.tools.hub, now: () => now },
    needed: () => needed,
    disk: async () => ({
      free_bytes: free_bytes + 2 ** 28,
      total_bytes: total_bytes + 2 ** 28 * 10,
    }),
  });
  const other = "hf:org/repo:b-Q8_0.gguf";
  await bench.get({ source });
  await bench.recorded(1);
  now += 1000;
  await bench.get({ source: other });
  await bench.recorded(2);
  needed.push(source);
  free_bytes = 0;
  await bench.get({ source: "hf:org/repo:c-BF16.gguf" }).catch(() => undefined);
  expect(bench.lines).toEqual([
    expect.stringContaining(digestsOf("b-Q8_0.gguf", files["b-Q8_0.gguf"]).etag),
  ]);
  expect(bench.weights.sources()).toContain(source);
  expect(bench.weights.sources()).not.toContain(other);
  expect(blobs()).toContain(digestsOf("a-Q4_K_M.gguf", small).etag);
});

test("in a cache that others use too nothing is removed", async () => {
  await bench.get({ source });
  await bench.recorded(1);
  const full = { free_bytes: 2 ** 28, total_bytes: 2 ** 40 };
  await bench.reopen({ evicts: false, disk: async () => full });
  const refused = bench.get({ source: "hf:org/repo:c-BF16.gguf" });
  await expect(refused).rejects.toMatchObject({ failure_class: "disk_full" });
  expect(bench.lines).toEqual([]);
  expect(bench.weights.sources()).toEqual([expect.stringContaining("a-Q4_K_M.gguf")]);
});

test("what lies here and what came is counted", async () => {
  await bench.get({ source });
  await bench.get({ source });
  expect([bench.weights.downloaded(), await bench.weights.usedBytes()]).toEqual([size, size]);
});

test("two agents that share a cache fetch a model once", async () => {
  bench.hub.bytes_per_s = 30_000_000;
  const wish = { source: "hf:org/repo:c-BF16.gguf" };
  const first = bench.get(wish);
  await bench.reopen();
  const [one, two] = await Promise.all([first, bench.get(wish)]);
  expect(two).toEqual(one);
  expect(bench.hub.sent()).toBe(large.length);
});
