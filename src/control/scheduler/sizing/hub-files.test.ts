import { expect, test } from "bun:test";
import { type TestHub, type TestRepository, test_commit, testHub } from "./hub.testbed.ts";
import { openHubModel } from "./hub-files.ts";
import type { HubError, HubProblem } from "./hub-request.ts";

const mib = 1024 * 1024;
const numbered = (length: number): Uint8Array =>
  Uint8Array.from({ length }, (_, i) => (i * 7 + (i >> 8)) & 255);

const address = (over: { revision?: string; token?: string; repository?: string } = {}) => ({
  repository: "org/m",
  revision: null,
  token: "",
  signal: new AbortController().signal,
  ...over,
});

async function problemOf(promise: Promise<unknown>): Promise<HubProblem> {
  const error = await promise.then(
    () => undefined,
    (reason: unknown) => reason as HubError,
  );
  if (error?.name !== "HubError") throw new Error(`no HubError but ${error}`);
  return error.problem;
}

const one = (over: Partial<TestRepository> = {}): TestHub =>
  testHub({
    "org/m": { files: { "a.bin": numbered(300_000), "sub/b c.bin": numbered(10), e: "" }, ...over },
  });

test("a listing has the commit, every file with its size, and the top folder's names", async () => {
  using hub = one();
  const model = await openHubModel(hub, address({ revision: "v1" }));
  expect(model.commitOf([])).toBe(test_commit);
  expect([...model.sizes]).toEqual([
    ["a.bin", 300_000],
    ["sub/b c.bin", 10],
    ["e", 0],
  ]);
  expect(await model.files.names()).toEqual(["a.bin", "e"]);
});

test("bytes come by range, from the commit that was listed, and none twice", async () => {
  using hub = one();
  const { files } = await openHubModel(hub, address());
  const whole = Buffer.from(numbered(300_000));
  for (const [offset, length] of [
    [0, 8],
    [8, 20_000],
    [0, 100_000],
    [299_000, 9000],
    [400_000, 1],
  ]) {
    const bytes = await files.read("a.bin", offset ?? 0, length ?? 0);
    expect(Buffer.compare(bytes, whole.subarray(offset, (offset ?? 0) + (length ?? 0)))).toBe(0);
  }
  expect(hub.asked.flatMap(({ at, range }) => (at === "storage" ? [range] : []))).toEqual([
    "bytes=0-65535",
    "bytes=65536-99999",
    "bytes=100000-299999",
  ]);
  expect(hub.asked[1]?.path).toBe(`/org/m/resolve/${test_commit}/a.bin`);
  expect((await files.read("sub/b c.bin", 0, 99)).byteLength).toBe(10);
  expect((await files.read("e", 0, 99)).byteLength).toBe(0);
});

test("a token goes to the hub and not to the storage that it redirects to", async () => {
  using hub = one({ token: "hf_right" });
  const { files } = await openHubModel(hub, address({ token: "hf_right" }));
  await files.read("a.bin", 0, 8);
  expect(hub.asked.map(({ at, authorization }) => [at, authorization])).toEqual([
    ["hub", "Bearer hf_right"],
    ["hub", "Bearer hf_right"],
    ["storage", null],
  ]);
});

test("a storage that ignores ranges does not make us read the whole file", async () => {
  using hub = testHub({ "org/m": { files: { "a.bin": new Uint8Array(64 * mib).fill(7) } } });
  hub.storage.ignores_ranges = true;
  const { files } = await openHubModel(hub, address());
  expect(await files.read("a.bin", 0, 8)).toEqual(new Uint8Array(8).fill(7));
  expect((await files.read("a.bin", 8, 200_000)).byteLength).toBe(200_000);
  expect(hub.sent()).toBeLessThan(16 * mib);
});

test("a file is read up to 16 MiB, and all of a model's files up to 32", async () => {
  const files = Object.fromEntries(["a", "b", "c"].map((name) => [name, new Uint8Array(20 * mib)]));
  using hub = testHub({ "org/m": { files, claims: { c: null } } });
  const model = await openHubModel(hub, address());
  expect(await problemOf(model.files.read("a", 0, 17 * mib))).toBe("too_long");
  expect(hub.sent()).toBe(0);
  expect((await model.files.read("a", 0, 15 * mib)).byteLength).toBe(15 * mib);
  expect((await model.files.read("b", 0, 15 * mib)).byteLength).toBe(15 * mib);
  expect(await problemOf(model.files.read("b", 0, 18 * mib))).toBe("too_long");
  expect(await problemOf(model.files.read("c", 0, 3 * mib))).toBe("too_long");
  expect(hub.sent()).toBeLessThanOrEqual(32 * mib);
});

test("a file whose size nobody tells ends where it ends", async () => {
  using hub = one({ claims: { "a.bin": null } });
  const { files } = await openHubModel(hub, address());
  expect((await files.read("a.bin", 0, 1_000_000)).byteLength).toBe(300_000);
  expect((await files.read("a.bin", 0, 9_000_000)).byteLength).toBe(300_000);
  expect(hub.asked.filter(({ at }) => at === "storage")).toHaveLength(1);
});

test.each([
  ["a model that is not there", { repository: "org/none" }, "missing"],
  ["a revision that is not there", { revision: "v9" }, "no_revision"],
] as const)("%s is told apart", async (_, over, problem) => {
  using hub = one();
  expect(await problemOf(openHubModel(hub, address(over)))).toBe(problem);
});

test.each(["", "hf_wrong"])(
  "a gated model is listed, but %j does not open its files",
  async (token) => {
    using hub = one({ token: "hf_right" });
    const { files } = await openHubModel(hub, address({ token }));
    expect(await problemOf(files.read("a.bin", 0, 8))).toBe("gated");
  },
);

test.each([
  ["is not there", () => Promise.reject(new TypeError("refused"))],
  ["is ill", () => Promise.resolve(new Response("x", { status: 503 }))],
  ["sends no JSON", () => Promise.resolve(new Response("<html>"))],
  ["sends no files", () => Promise.resolve(Response.json({ sha: test_commit }))],
  ["turns in a circle", (url: string) => Promise.resolve(Response.redirect(url))],
  ["redirects to a file", () => Promise.resolve(Response.redirect("file:///etc/passwd"))],
])("a hub that %s is not reachable", async (_, answer) => {
  const hub = { endpoint: "http://hub.invalid", fetch: answer, timeout_ms: 1000 };
  expect(await problemOf(openHubModel(hub, address()))).toBe("unreachable");
});

test("a redirect from https to http is not followed", async () => {
  const asked: string[] = [];
  const answer = (url: string) => {
    asked.push(url);
    return Promise.resolve(Response.redirect("http://elsewhere.invalid/"));
  };
  const hub = { endpoint: "https://hub.invalid", fetch: answer, timeout_ms: 1000 };
  expect(await problemOf(openHubModel(hub, address()))).toBe("unreachable");
  expect(asked).toHaveLength(1);
});

test("a hub that never answers is given up in time", async () => {
  using hub = one();
  hub.storage.silent = true;
  const { files } = await openHubModel({ ...hub, timeout_ms: 50 }, address());
  expect(await problemOf(files.read("a.bin", 0, 8))).toBe("unreachable");
});
