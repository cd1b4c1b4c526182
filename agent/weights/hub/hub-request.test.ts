import { afterAll, beforeAll, beforeEach, expect, test } from "bun:test";
import { askHub, type HubAsk } from "./hub-request.ts";
import { type HubBench, hubBench, reached, testBytes } from "./hub-weights.testbed.ts";

const never = new AbortController().signal;
const list = { method: "GET", repository: "org/old", revision: "main", token: "hf_x" } as const;
const moved = (location: string) => ({ at: "api", status: 307, headers: { location } }) as const;

let bench: HubBench;
let other: HubBench;
beforeAll(async () => {
  const repos = { "org/new": { files: { "m.gguf": testBytes(4_000_000) } } };
  [bench, other] = await Promise.all([hubBench(repos), hubBench(repos)]);
});
beforeEach(() => {
  bench.hub.requests.length = 0;
});
afterAll(() => Promise.all([bench.close(), other.close()]));

const ask = (changes: Partial<HubAsk> = {}) =>
  askHub(bench.tools.hub, { ...list, signal: never, ...changes });

async function textOf(chunks: AsyncGenerator<Uint8Array>): Promise<string> {
  return Buffer.concat(await Array.fromAsync(chunks)).toString("utf8");
}

test("a repository that was renamed is followed, with the token", async () => {
  bench.hub.failNext(moved("/api/models/org/new/revision/main"));
  const { chunks } = await ask();
  expect(await textOf(chunks())).toContain("m.gguf");
  expect(bench.hub.requests.map(({ authorization }) => authorization)).toEqual([
    "Bearer hf_x",
    "Bearer hf_x",
  ]);
});

test("another hub that it redirects to gets no token", async () => {
  bench.hub.failNext(moved(`${other.hub.url}/api/models/org/new/revision/main`));
  const { chunks } = await ask();
  expect(await textOf(chunks())).toContain("m.gguf");
  expect(other.hub.requests.map(({ authorization }) => authorization)).toEqual([undefined]);
});

test.each(["ftp://127.0.0.1/x", "file:///etc/passwd", "http://", "data:,x"])(
  "a redirect to %s is not followed",
  async (location) => {
    bench.hub.failNext(moved(location));
    await expect(ask()).rejects.toThrow("redirects to nowhere");
    expect(bench.hub.requests).toHaveLength(1);
  },
);

test("redirects in circles end", async () => {
  const circle = moved("/api/models/org/old/revision/main");
  bench.hub.failNext(...Array.from({ length: 6 }, () => circle));
  await expect(ask()).rejects.toThrow("redirects in circles");
});

test("names and revisions are one part of the address each", async () => {
  bench.hub.failNext({ at: "resolve", status: 404 });
  const file = "a b/ü?#%.gguf";
  const asked = ask({ method: "HEAD", file, revision: "refs/pr/1" });
  await expect(asked).rejects.toThrow("has no model org/old");
  const path = "/org/old/resolve/refs%2Fpr%2F1/a%20b/%C3%BC%3F%23%25.gguf";
  expect(bench.hub.requests.map((request) => request.path)).toEqual([path]);
});

test("a body that nobody wants any more is not sent to its end", async () => {
  bench.hub.bytes_per_s = 4_000_000;
  const stop = new AbortController();
  const { tell, there } = reached(500_000);
  const fetching = bench.get({ source: "hf:org/new", signal: stop.signal, tell });
  await there;
  stop.abort("stopped");
  await fetching.catch(() => undefined);
  const [download] = bench.hub.requests.filter(({ at }) => at === "cdn");
  await download?.closed;
  expect(download?.sent).toBeLessThan(3_000_000);
});
