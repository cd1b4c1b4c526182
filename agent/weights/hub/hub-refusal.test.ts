import { afterAll, beforeAll, beforeEach, expect, test } from "bun:test";
import { type HubBench, hubBench, testBytes } from "./hub-weights.testbed.ts";

const token = "hf_rightToken";
const files = { "m-Q4_K_M.gguf": testBytes(1000), "m-Q8_0.gguf": testBytes(1000) };
const two = { "a.gguf": testBytes(10), "b.gguf": testBytes(10) };

let bench: HubBench;
beforeAll(async () => {
  bench = await hubBench({
    "org/open": { files },
    "org/gated": { files, gated: token },
    "org/private": { files, private: token },
    "org/two": { files: two },
    "org/none": { files: { "model.safetensors": testBytes(10) } },
  });
});
beforeEach(async () => {
  bench.hub.requests.length = 0;
  bench.pauses.length = 0;
  await bench.reopen();
});
afterAll(() => bench.close());

test.each<[string, string, string, string]>([
  ["hf:org/missing", "", "not_found", "has no model org/missing, or it is private"],
  ["hf:org/missing", token, "not_found", "has no model org/missing that this hf_token may see"],
  ["hf:org/private", "", "not_found", "for a private one give a token with hf_token"],
  ["hf:org/open@v9", "", "not_found", "org/open has no revision v9"],
  ["hf:org/open:Q6_K", "", "not_found", "It has: Q4_K_M, Q8_0."],
  ["hf:org/open:x.gguf", "", "not_found", "org/open has no model x.gguf"],
  ["hf:org/gated", "", "gated_model", "Accept its licence at http"],
  ["hf:org/gated", "hf_other", "gated_model", "This hf_token may not read org/gated"],
  ["hf:org/two", "", "config", "Add one of these to it: :a.gguf, b.gguf."],
  ["hf:org/none", "", "config", "org/none has no GGUF file"],
  ["hf:../../etc", "", "config", "names nothing on a hub"],
  ["hf:org/open:../../../etc/passwd", "", "config", "names nothing on a hub"],
])("%s with the token %j is %s: %s", async (source, hf_token, failure_class, sentence) => {
  const refused = bench.get({ source, hf_token });
  await expect(refused).rejects.toMatchObject({ failure_class, retry: false });
  await expect(refused).rejects.toThrow(sentence);
  await expect(refused).rejects.not.toThrow("hf_rightToken");
  expect(bench.hub.sent()).toBe(0);
  expect(bench.pauses).toEqual([]);
});

test("a token opens gated and private models, and goes to the hub alone", async () => {
  await bench.get({ source: "hf:org/gated", hf_token: token });
  await bench.get({ source: "hf:org/private", hf_token: token });
  const { requests } = bench.hub;
  const tokens = (by: string) =>
    requests.flatMap(({ at, authorization }) => (at === by ? [authorization] : []));
  expect(tokens("cdn")).toEqual([undefined, undefined]);
  expect(new Set(tokens("hub"))).toEqual(new Set([`Bearer ${token}`]));
});

test("a hub that cannot be reached, or goes on failing, is tried five times with growing pauses", async () => {
  const { url } = bench.hub;
  const down = { at: "api", status: 502 } as const;
  bench.hub.failNext(down, down, down, down, down);
  const refused = bench.get({ source: "hf:org/two:a.gguf" });
  await expect(refused).rejects.toMatchObject({ failure_class: "download", retry: true });
  await expect(refused).rejects.toThrow(`${new URL(url).host} answered 502. Check the network`);
  expect(bench.pauses).toEqual([1000, 2000, 4000, 8000]);
  const nowhere = { ...bench.tools.hub, endpoint: "http://127.0.0.1:1" };
  await bench.reopen({ hub: nowhere });
  const unreached = bench.get({ source: "hf:org/two:a.gguf" });
  await expect(unreached).rejects.toThrow("127.0.0.1:1 cannot be reached (ECONNREFUSED).");
});

test("a silent hub is not waited for without end", async () => {
  await bench.reopen({ hub: { ...bench.tools.hub, patience_ms: 50 } });
  const silent = { at: "cdn", hang_after: 4 } as const;
  bench.hub.failNext(silent, silent);
  await bench.get({ source: "hf:org/two:a.gguf" });
  expect(bench.hub.requests.filter(({ at }) => at === "cdn").map(({ range }) => range)).toEqual([
    undefined,
    "bytes=4-",
    "bytes=8-",
  ]);
});

test("a hub that asks to wait is obeyed", async () => {
  const limits = [{ "retry-after": "7" }, { ratelimit: '"api";r=0;t=55' }];
  for (const headers of limits) bench.hub.failNext({ at: "resolve", status: 429, headers });
  await bench.get({ source: "hf:org/two:b.gguf" });
  expect(bench.pauses).toEqual([7000, 55_000]);
});
