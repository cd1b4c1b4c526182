import { afterEach, beforeEach, expect, test } from "bun:test";
import {
  existsSync,
  lstatSync,
  readdirSync,
  readFileSync,
  readlinkSync,
  writeFileSync,
} from "node:fs";
import { join } from "node:path";
import type { Fault } from "./hub.testbed.ts";
import { digestsOf, test_commit } from "./hub-repos.testbed.ts";
import { type HubBench, hubBench, reached, testBytes } from "./hub-weights.testbed.ts";

const model = testBytes(1_000_000);
const { etag } = digestsOf("m-Q4_K_M.gguf", model);
const source_name = "hf:org/repo";
const parts = ["big-Q8_0-00001-of-00002.gguf", "big-Q8_0-00002-of-00002.gguf"] as const;

let bench: HubBench;
let repo = "";
beforeEach(async () => {
  const files = {
    "README.md": testBytes(10),
    "m-Q4_K_M.gguf": model,
    [`Q8/${parts[0]}`]: testBytes(300_000, 2),
    [`Q8/${parts[1]}`]: testBytes(200_000, 3),
  };
  bench = await hubBench({ "org/repo": { files } });
  repo = join(bench.folder, "models--org--repo");
});
afterEach(() => bench.close());

test("a file comes whole into the layout of huggingface_hub", async () => {
  const { path, bytes } = await bench.get({ source: source_name });
  expect(path).toBe(join(repo, "snapshots", test_commit, "m-Q4_K_M.gguf"));
  expect(readFileSync(path)).toEqual(Buffer.from(model));
  expect(bytes).toBe(model.length);
  expect(readlinkSync(path)).toBe(`../../blobs/${etag}`);
  expect(readdirSync(join(repo, "blobs"))).toEqual([etag]);
  expect(readFileSync(join(repo, "refs", "main"), "utf8")).toBe(test_commit);
  expect(lstatSync(join(repo, "blobs", etag)).mode & 0o077).toBe(0);
  expect(bench.hub.sent()).toBe(model.length);
});

test("all parts of a split model come, in their folder", async () => {
  const { path, bytes } = await bench.get({ source: `${source_name}@v1:Q8_0` });
  expect(path).toEndWith(`/snapshots/${test_commit}/Q8/${parts[0]}`);
  expect(bytes).toBe(500_000);
  expect(readFileSync(path.replace(parts[0], parts[1]))).toEqual(
    Buffer.from(testBytes(200_000, 3)),
  );
  expect(readlinkSync(path)).toStartWith("../../../blobs/");
  expect(readFileSync(join(repo, "refs", "v1"), "utf8")).toBe(test_commit);
});

test("a small file that lies in git is checked by git's own checksum", async () => {
  // The testbed keeps what does not end in ".gguf" in git.
  bench.hub.repos["org/tiny"] = { files: { "Tiny.GGUF": testBytes(100) } };
  const { path } = await bench.get({ source: "hf:org/tiny" });
  expect(readFileSync(path)).toEqual(Buffer.from(testBytes(100)));
});

test.each<[string, Fault, number]>([
  ["a connection that breaks", { at: "cdn", cut_after: 400_000 }, 999_999],
  ["a hub that is down for a moment", { at: "resolve", status: 503 }, 1_000_000],
  ["a list that is cut", { at: "api", cut_after: 20 }, 1_000_000],
  ["a signature of the storage that ran out", { at: "cdn", status: 403 }, 1_000_000],
])("%s is overcome", async (_, fault, last_bytes_at_most) => {
  bench.hub.failNext(fault);
  const { path } = await bench.get({ source: source_name });
  expect(readFileSync(path)).toEqual(Buffer.from(model));
  expect(bench.hub.requests.at(-1)?.sent).toBeLessThanOrEqual(last_bytes_at_most);
  expect(bench.pauses).toEqual([1000]);
});

test("a storage that sends more than the file has fills no disk: what it sent is dropped, and asked for again", async () => {
  bench.hub.failNext({ at: "cdn", further: 5_000_000 });
  let most = 0;
  const tell = ({ downloaded_bytes }: { downloaded_bytes: number }) => {
    most = Math.max(most, downloaded_bytes);
  };
  const { path } = await bench.get({ source: source_name, tell });
  expect(readFileSync(path)).toEqual(Buffer.from(model));
  expect(most).toBeLessThanOrEqual(model.length);
  expect(bench.pauses).toEqual([1000]);
  expect(readdirSync(join(repo, "blobs"))).toEqual([etag]);
});

test.each<[string, Fault, number]>([
  ["goes on where it was", { at: "cdn" }, 600_000],
  ["begins again when the range is ignored", { at: "cdn", ignore_range: true }, 1_000_000],
  ["begins again when another range is sent", { at: "cdn", wrong_range: true }, 1_000_000],
])("a partial file of an earlier agent %s", async (_, fault, last_bytes) => {
  bench.hub.failNext({ at: "cdn", hang_after: 400_000 });
  const stop = new AbortController();
  const { tell, there } = reached(400_000);
  const first = bench.get({ source: source_name, signal: stop.signal, tell });
  await there;
  stop.abort("stopped");
  expect(await first.catch((reason: unknown) => reason)).toBe("stopped");
  expect(readdirSync(join(repo, "blobs"))).toEqual([`${etag}.incomplete`]);
  expect(existsSync(join(repo, "snapshots"))).toBe(false);
  await bench.reopen();
  bench.hub.failNext(fault);
  const { path } = await bench.get({ source: source_name });
  expect(readFileSync(path)).toEqual(Buffer.from(model));
  expect(bench.hub.requests.at(-1)?.sent).toBe(last_bytes);
  expect(readdirSync(join(repo, "blobs"))).toEqual([etag]);
});

test("a partial file that is longer than the file is thrown away", async () => {
  await bench.get({ source: `${source_name}:Q8_0` });
  writeFileSync(join(repo, "blobs", `${etag}.incomplete`), Buffer.alloc(1_000_001));
  const { path } = await bench.get({ source: source_name });
  expect(readFileSync(path)).toEqual(Buffer.from(model));
});

test("bytes with another checksum never appear, and are fetched again from the beginning", async () => {
  bench.hub.failNext({ at: "cdn", corrupt: true });
  const refused = bench.get({ source: source_name });
  await expect(refused).rejects.toMatchObject({ failure_class: "download", retry: true });
  await expect(refused).rejects.toThrow("another checksum than the hub tells");
  expect(readdirSync(join(repo, "blobs"))).toEqual([]);
  expect(existsSync(join(repo, "snapshots"))).toBe(false);
  expect(bench.weights.sources()).toEqual([]);
  await bench.get({ source: source_name });
  expect(readdirSync(join(repo, "blobs"))).toEqual([etag]);
});

test("a file that changes while it is fetched is never a mixture", async () => {
  const changed = { "x-linked-etag": `"${"a".repeat(64)}"` };
  bench.hub.failNext({ at: "cdn", cut_after: 400_000 }, { at: "resolve" }, { at: "resolve" });
  bench.hub.failNext({ at: "resolve", headers: changed });
  await expect(bench.get({ source: source_name })).rejects.toThrow("changed on the hub");
  expect(existsSync(join(repo, "snapshots"))).toBe(false);
});

test("two that want the same blob fetch it once, and see its bytes", async () => {
  bench.hub.bytes_per_s = 4_000_000;
  const seen: number[] = [];
  const both = [source_name, `${source_name}@v1`].map((source) =>
    bench.get({ source, tell: ({ downloaded_bytes }) => seen.push(downloaded_bytes) }),
  );
  const [one, other] = await Promise.all(both);
  expect(one).toEqual(other as NonNullable<typeof other>);
  expect(bench.hub.sent()).toBe(model.length);
  expect(seen.filter((bytes) => bytes > 0 && bytes < model.length).length).toBeGreaterThan(1);
});

test("when the first of two is stopped, the other goes on with what came", async () => {
  bench.hub.failNext({ at: "cdn", hang_after: 500_000 });
  const stop = new AbortController();
  const { tell, there } = reached(500_000);
  const first = bench
    .get({ source: source_name, signal: stop.signal, tell })
    .catch(() => "stopped");
  await there;
  const asked = bench.hub.requests.length;
  const second = bench.get({ source: `${source_name}@v1` });
  await bench.hub.when(() => bench.hub.requests.length === asked + 2);
  stop.abort();
  expect(await first).toBe("stopped");
  await second;
  expect(bench.hub.requests.at(-1)?.sent).toBe(500_000);
});
