import { afterEach, beforeEach, expect, test } from "bun:test";
import { readFileSync } from "node:fs";
import { test_keys } from "../../contract/s3/s3.testbed.ts";
import { TestAuthority } from "../../session/authority.testbed.ts";
import { testBytes } from "../hub/hub-weights.testbed.ts";
import { S3Bench } from "./s3-bench.testbed.ts";

const MiB = 1024 * 1024;
const weights = testBytes(3 * MiB);
const source = "s3://models/m/m.gguf";
const key = "m/m.gguf";

let bench: S3Bench;
beforeEach(async () => {
  bench = await S3Bench.start({ [key]: weights });
});
afterEach(() => bench.close());

const gets = () => bench.store.requests.filter((asked) => asked.at === "get" && asked.key === key);

async function comesRight(): Promise<void> {
  const { path } = await bench.get(source);
  expect(readFileSync(path).equals(weights)).toBe(true);
}

test("a broken connection is resumed where it ended, under the condition that it is the same object", async () => {
  bench.store.failNext({ at: "get", key, cut_after: MiB });
  await comesRight();
  const [first, second] = gets();
  expect(second?.range).toMatch(/^bytes=[1-9]\d*-$/);
  expect(second?.if_match).toMatch(/^"[0-9a-f]{32}"$/);
  expect(second?.if_match).toBe(first?.if_match);
});

test("a store that ignores the range is read from the beginning", async () => {
  bench.store.failNext({ at: "get", key, cut_after: MiB }, { at: "get", key, ignore_range: true });
  await comesRight();
});

test("a short body is no whole file", async () => {
  bench.store.failNext({ at: "get", key, cut_after: weights.length - 1 });
  await comesRight();
  expect(gets()).toHaveLength(2);
});

test.each([
  ["a store that knows the condition", {}],
  ["a store that does not", { headers: { etag: '"0123456789abcdef0123456789abcdef"' } }],
])("an object that changes midway is never mixed with what it was: %s", async (_, more) => {
  const other = testBytes(3 * MiB, 5);
  const before = () => bench.store.put(key, other);
  bench.store.failNext(
    { at: "get", key, cut_after: MiB },
    Object.keys(more).length > 0 ? { at: "get", key, ...more } : { at: "get", key, before },
  );
  const refused = bench.get(source);
  await expect(refused).rejects.toMatchObject({ failure_class: "download", retry: true });
  await expect(refused).rejects.toThrow(`${source} changed in the store while it was fetched.`);
  bench.store.put(key, other);
  const { path } = await bench.get(source);
  expect(readFileSync(path).equals(other)).toBe(true);
});

test.each([
  ["SHA-256", { body: weights, sha256: true } as const],
  ["MD5", { body: weights }],
  ["MD5 of parts", { body: weights, part_bytes: MiB }],
])("bytes with another %s are refused, and come right the next time", async (_, object) => {
  bench.store.put(key, object);
  bench.store.failNext({ at: "get", key, corrupt: true });
  const refused = bench.get(source);
  await expect(refused).rejects.toMatchObject({ failure_class: "download", retry: true });
  await expect(refused).rejects.toThrow("arrived with another checksum than the store tells");
  expect(bench.blobs("models/m")).toEqual([]);
  await comesRight();
});

test("a store that is busy is asked again after pauses", async () => {
  const slow = { status: 503, code: "SlowDown" };
  bench.store.failNext(
    { at: "list", ...slow },
    { at: "head", ...slow },
    { at: "get", key, ...slow, headers: { "retry-after": "7" } },
    { at: "get", key, status: 500, code: "InternalError" },
  );
  await comesRight();
  expect(bench.pauses).toEqual([1000, 1000, 7000, 2000]);
});

test("one that goes on being busy is given up with a reason", async () => {
  const down = { at: "list", status: 503, code: "SlowDown" } as const;
  bench.store.failNext(down, down, down, down, down);
  const refused = bench.get(source);
  await expect(refused).rejects.toMatchObject({ failure_class: "download", retry: true });
  await expect(refused).rejects.toThrow(
    /^127\.0\.0\.1:\d+ answered 503 \(SlowDown\)\. Check the network of this host, and the S3 endpoint/,
  );
});

test.each([
  [source, { s3: null }, "config", "No S3 store is set up. An admin sets"],
  [source, { s3: { secret_access_key: "x" } }, "config", "(SignatureDoesNotMatch)"],
  [source, { s3: { access_key_id: "x" } }, "config", "(InvalidAccessKeyId)"],
  [source, { s3: { region: "eu-1" } }, "config", "another region or under another endpoint"],
  ["s3://other/m.gguf", {}, "not_found", "has no bucket of s3://other"],
  ["s3://models/none", {}, "not_found", "s3://models/none is empty"],
  ["s3://models/m/x.gguf", {}, "not_found", "s3://models/m is empty"],
  ["s3://models/m:Q9", {}, "not_found", "has no model Q9"],
  ["s3://models/m", { format: "safetensors" }, "config", "no config.json with safetensors"],
  ["s3://models/../m", {}, "config", "names nothing in S3"],
] as const)("%s with %j is %s: %s", async (asked, wish, failure_class, sentence) => {
  const refused = bench.get(asked, wish);
  await expect(refused).rejects.toMatchObject({ failure_class, retry: false });
  await expect(refused).rejects.toThrow(sentence);
  await expect(refused).rejects.not.toThrow(test_keys.secret_access_key);
  expect(bench.store.sent()).toBe(0);
  expect(bench.pauses).toEqual([]);
});

test("several models and none chosen is a question", async () => {
  bench.store.put("m/n.gguf", weights);
  await expect(bench.get("s3://models/m")).rejects.toThrow(
    "Add one of these to it: :m.gguf, n.gguf.",
  );
});

test("what the key may not read is denied with a reason, a bucket or one file of it", async () => {
  bench.store.closed.add(key);
  const refused = bench.get(source);
  await expect(refused).rejects.toMatchObject({ failure_class: "gated_model", retry: false });
  await expect(refused).rejects.toThrow(
    `denies access to ${source}. Allow s3:ListBucket and s3:GetObject`,
  );
  bench.store.closed.add("");
  await expect(bench.get(source)).rejects.toThrow("denies access to s3://models.");
});

test("a key that may read but not list is enough for a file that is named", async () => {
  bench.store.closed.add("");
  expect((await bench.get(source)).bytes).toBe(weights.length);
});

test("a clock that is wrong is said with its minutes", async () => {
  bench.store.ahead_ms = 20 * 60_000;
  await expect(bench.get(source)).rejects.toThrow(
    "The clock of this machine is 20 minutes behind the store's. Set it by NTP.",
  );
});

test("a redirect is not followed, so that nothing signed goes elsewhere", async () => {
  const location = "http://127.0.0.1:9/elsewhere";
  bench.store.failNext({
    at: "list",
    status: 301,
    code: "PermanentRedirect",
    headers: { location },
  });
  await expect(bench.get(source)).rejects.toThrow("another region or under another endpoint");
});

test("a store that cannot be reached says which", async () => {
  await bench.store.stop();
  const refused = bench.get(source);
  await expect(refused).rejects.toMatchObject({ failure_class: "download", retry: true });
  await expect(refused).rejects.toThrow(/^127\.0\.0\.1:\d+ cannot be reached/);
  bench = await S3Bench.start({});
});

test("a store with a private CA is spoken to where that is set up, and else refused at once with a reason", async () => {
  const authority = await TestAuthority.create();
  const { key_pem, certificate_pem, ca_pem } = await authority.issue("localhost");
  const tls = { key: key_pem, cert: certificate_pem };
  const safe = await S3Bench.start({ [key]: weights }, tls);
  const refused = safe.get(source);
  await expect(refused).rejects.toMatchObject({ failure_class: "config", retry: false });
  await expect(refused).rejects.toThrow(
    /^localhost:\d+ shows a certificate that is not trusted \(UNABLE_TO_VERIFY_LEAF_SIGNATURE\)\./,
  );
  const { path } = await safe.get(source, { s3: { ca_pem } });
  expect(readFileSync(path).equals(weights)).toBe(true);
  await safe.close();
});

test("two that want the same blob fetch it once", async () => {
  await Promise.all([bench.get(source), bench.get("s3://models/m")]);
  expect(gets()).toHaveLength(1);
});
