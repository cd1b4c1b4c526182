import { afterEach, beforeEach, expect, test } from "bun:test";
import { createHash } from "node:crypto";
import {
  existsSync,
  readdirSync,
  readFileSync,
  realpathSync,
  utimesSync,
  writeFileSync,
} from "node:fs";
import { basename, join } from "node:path";
import { testBytes } from "../hub/hub-weights.testbed.ts";
import { S3Bench } from "./s3-bench.testbed.ts";

const isRecord = (name: string): boolean => !name.endsWith(".new");
const MiB = 1024 * 1024;
const weights = testBytes(3 * MiB);
const sha256 = createHash("sha256").update(weights).digest("hex");
const md5 = createHash("md5").update(weights).digest("hex");
const small = Buffer.from("{}");

let bench: S3Bench;
beforeEach(async () => {
  bench = await S3Bench.start({
    "llms/small/config.json": small,
    "llms/small/tokenizer.json": { body: small, sha256: true },
    "llms/small/model.safetensors": { body: weights, sha256: true },
    "llms/small/run.py": small,
    "llms/small/1_Pooling/config.json": small,
    "llms/gguf/m-Q4_K_M.gguf": weights,
    "llms/gguf/m-Q8_0.gguf": testBytes(1000, 8),
    "llms/two/a.gguf": testBytes(10, 1),
    "llms/two/b.gguf": testBytes(10, 2),
  });
});
afterEach(() => bench.close());

test("a folder of safetensors comes whole, but what no engine reads, and is used again without a request", async () => {
  const { path, bytes } = await bench.get("s3://models/llms/small", { format: "safetensors" });
  const files = readdirSync(path, { recursive: true, withFileTypes: true });
  const names = files.filter((file) => !file.isDirectory()).map(({ name }) => name);
  expect(names.sort()).toEqual([
    "config.json",
    "config.json",
    "model.safetensors",
    "tokenizer.json",
  ]);
  expect(readFileSync(`${path}/model.safetensors`).equals(weights)).toBe(true);
  expect(bytes).toBe(weights.length + 3 * small.length);
  const asked = bench.store.requests.length;
  bench.reopen();
  expect(await bench.get("s3://models/llms/small", { s3: null })).toEqual({ path, bytes });
  expect(bench.store.requests).toHaveLength(asked);
});

test.each([
  ["an uploaded SHA-256", { body: weights, sha256: true } as const, sha256],
  ["the MD5 of an upload at once", { body: weights }, md5],
  ["the MD5 of the MD5s of parts", { body: weights, part_bytes: MiB }, /^[0-9a-f]{32}-3-1048576$/],
  [
    "the ETag alone, of parts that the store does not say",
    { body: weights, part_bytes: MiB, part_number: "ignored" } as const,
    /^etag-[0-9a-f]{64}$/,
  ],
  [
    "the MD5 of its one part, for which no store is asked",
    { body: weights, part_bytes: weights.length, part_number: 405 } as const,
    /^[0-9a-f]{32}-1-3145728$/,
  ],
  [
    "the MD5 that rclone 1.60 notes",
    {
      ...({ body: weights, part_bytes: MiB, part_number: 405 } as const),
      headers: { "x-amz-meta-md5chksum": Buffer.from(md5, "hex").toString("base64") },
    },
    md5,
  ],
  [
    "the MD5 that s3cmd 2.3 notes",
    {
      ...({ body: weights, part_bytes: MiB, part_number: 501 } as const),
      headers: { "x-amz-meta-s3cmd-attrs": `atime:1796058084/gname:root/md5:${md5}/mode:33188` },
    },
    md5,
  ],
  [
    "the ETag alone, of what KMS encrypts",
    { body: weights, headers: { "x-amz-server-side-encryption": "aws:kms" } },
    /^etag-[0-9a-f]{64}$/,
  ],
])("an object is known by %s", async (_, object, name) => {
  bench.store.put("one/m.gguf", object);
  const { path } = await bench.get("s3://models/one/m.gguf");
  expect(readFileSync(path).equals(weights)).toBe(true);
  expect(basename(realpathSync(path))).toMatch(name);
});

test("SHA256SUMS beside the weights counts as their checksum, also where the store knows none", async () => {
  bench.store.put("one/m.gguf", { body: weights, part_bytes: MiB });
  bench.store.put("one/SHA256SUMS", Buffer.from(`${sha256} *m.gguf\n`));
  const { path } = await bench.get("s3://models/one/m.gguf");
  expect(basename(realpathSync(path))).toBe(sha256);
});

test("SHA256SUMS that say another checksum than the store are refused before a byte comes", async () => {
  bench.store.put("one/m.gguf", { body: weights, sha256: true });
  bench.store.put("one/SHA256SUMS", Buffer.from(`${"0".repeat(64)}  ./m.gguf\n`));
  const refused = bench.get("s3://models/one/m.gguf");
  await expect(refused).rejects.toThrow(
    "SHA256SUMS in s3://models/one has another checksum of m.gguf",
  );
  expect(bench.store.requests.some(({ key, at }) => at === "get" && key === "one/m.gguf")).toBe(
    false,
  );
});

test("a quant or a file is chosen as on a hub, and a split model comes with its parts", async () => {
  expect((await bench.get("s3://models/llms/gguf")).bytes).toBe(weights.length);
  expect((await bench.get("s3://models/llms/gguf:Q8_0")).bytes).toBe(1000);
  for (const part of [1, 2]) {
    bench.store.put(`split/x-0000${part}-of-00002.gguf`, testBytes(100 * part, part));
  }
  const { path, bytes } = await bench.get("s3://models/split/x-00001-of-00002.gguf");
  expect([basename(path), bytes]).toEqual(["x-00001-of-00002.gguf", 300]);
});

test.each([1, 2] as const)(
  "a long list of version %d is read to its end, with keys of any plain spelling",
  async (version) => {
    bench.store.list = { page_keys: 2, version };
    for (let i = 0; i < 7; i++) bench.store.put(`many/${i} + ä%20&(b)/x.txt`, small);
    bench.store.put("many/deep (1)/Ä + ü-Q4_K_M.gguf", weights);
    const { path } = await bench.get("s3://models/many");
    expect(path).toEndWith("/deep (1)/Ä + ü-Q4_K_M.gguf");
    expect(bench.store.requests.filter(({ at }) => at === "list")).toHaveLength(4);
  },
);

test("keys that lead out of their folder are not there", async () => {
  for (const key of ["bad/../../x.gguf", "bad/..\\x.gguf", "bad//x.gguf", "bad/a\u0000.gguf"]) {
    bench.store.put(key, weights);
  }
  await expect(bench.get("s3://models/bad")).rejects.toThrow("s3://models/bad is empty");
});

test("a pin gives the very files that were resolved, or a sentence", async () => {
  await bench.get("s3://models/llms/gguf:Q8_0");
  const [source = ""] = (await bench.weights()).sources().filter((one) => one.includes("@"));
  expect(source).toMatch(/^s3:\/\/models\/llms\/gguf@[0-9a-f]{40}:m-Q8_0\.gguf$/);
  bench.store.put("llms/gguf/m-Q2_K.gguf", small);
  const cached = await bench.get(source, { s3: null });
  bench.store.put("llms/gguf/m-Q8_0.gguf", testBytes(1000, 9));
  expect(await bench.get(source)).toEqual(cached);
  const other = await S3Bench.start({ "llms/gguf/m-Q8_0.gguf": testBytes(1000, 9) });
  const refused = other.get(source);
  await expect(refused).rejects.toMatchObject({ failure_class: "config", retry: false });
  await expect(refused).rejects.toThrow("have changed since this was set up");
  await other.close();
});

/** Nobody waits for the records: until so many blobs have one, what they look like now may be what was proved. */
async function recorded(count: number): Promise<void> {
  const records = join(bench.folder, ".records");
  const known = () => (existsSync(records) ? readdirSync(records) : []).filter(isRecord);
  while (known().length < count) await new Promise(setImmediate);
}

test("a file that was touched on the disk is judged again, or fetched again where there is no checksum", async () => {
  bench.store.put("one/m.gguf", { body: weights, part_bytes: MiB });
  const parts = realpathSync((await bench.get("s3://models/one")).path);
  await recorded(1);
  utimesSync(parts, 1, 1);
  const sent = bench.store.sent();
  await bench.get("s3://models/one");
  expect(bench.store.sent()).toBe(sent);
  writeFileSync(parts, testBytes(weights.length, 7));
  await bench.get("s3://models/one");
  expect(readFileSync(parts).equals(weights)).toBe(true);
  bench.store.put("kms/m.gguf", {
    body: weights,
    headers: { "x-amz-server-side-encryption": "aws:kms" },
  });
  const opaque = realpathSync((await bench.get("s3://models/kms")).path);
  await recorded(2);
  utimesSync(opaque, 1, 1);
  const before = bench.store.sent();
  await bench.get("s3://models/kms");
  expect(bench.store.sent() - before).toBe(weights.length);
  expect(bench.lines.filter((line) => line.includes("has changed on the disk"))).toHaveLength(2);
});

test("the monthly look judges MD5s of parts, and passes by what has no checksum", async () => {
  bench.store.put("one/m.gguf", { body: weights, part_bytes: MiB });
  const encrypted = { "x-amz-server-side-encryption": "aws:kms" };
  bench.store.put("kms/m.gguf", { body: weights, headers: encrypted });
  const blobs = [];
  for (const source of ["s3://models/one", "s3://models/kms"]) {
    blobs.push(realpathSync((await bench.get(source)).path));
  }
  await recorded(2);
  for (const blob of blobs) {
    const reference = join(bench.folder, "reference");
    Bun.spawnSync(["touch", "-r", blob, reference]);
    writeFileSync(blob, testBytes(weights.length, 9));
    Bun.spawnSync(["touch", "-r", reference, blob]);
  }
  bench.reopen({}, Date.now() + 31 * 24 * 3_600_000);
  await (await bench.weights()).scrub.look(new AbortController().signal);
  expect(blobs.map((blob) => existsSync(blob))).toEqual([false, true]);
});

test("those that nobody used for longest make room, whichever store they are from, but not the pinned", async () => {
  const used = { path: "", free: 1e9 };
  const needed = ["s3://models/llms/gguf:Q8_0"];
  bench.reopen({
    needed: () => needed,
    disk: async () => ({ free_bytes: used.free, total_bytes: 2e9 }),
  });
  await bench.get("s3://models/llms/gguf:Q8_0");
  used.path = realpathSync((await bench.get("s3://models/llms/small")).path);
  used.free = 0;
  await expect(bench.get("s3://models/two-of-them:x")).rejects.toThrow("is empty");
  await expect(bench.get("s3://models/llms/gguf:Q4_K_M")).rejects.toThrow(
    "are still to be fetched",
  );
  expect(bench.blobs("models/llms/small")).toEqual([]);
  expect((await bench.weights()).sources()).toContain("s3://models/llms/gguf:Q8_0");
});
