import { afterEach, beforeEach, expect, test } from "bun:test";
import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { test_commit } from "./hub-repos.testbed.ts";
import { type HubBench, hubBench, testBytes } from "./hub-weights.testbed.ts";

const files = {
  "README.md": testBytes(10),
  "config.json": Buffer.from("{}"),
  "model-00001-of-00002.safetensors": testBytes(300_000, 2),
  "model-00002-of-00002.safetensors": testBytes(200_000, 3),
  "m-Q4_K_M.gguf": testBytes(1000, 4),
  "modeling_own.py": testBytes(10),
};
const whole = [
  "config.json",
  "model-00001-of-00002.safetensors",
  "model-00002-of-00002.safetensors",
];
const source = "hf:org/repo";
const format = "safetensors";

let bench: HubBench;
let folder = "";
beforeEach(async () => {
  bench = await hubBench({ "org/repo": { files } });
  folder = join(bench.folder, "models--org--repo/snapshots", test_commit);
});
afterEach(() => bench.close());

test("a snapshot comes whole, as one folder, without what could be run", async () => {
  const found = await bench.get({ source, format });
  expect(found).toEqual({ path: folder, bytes: 500_002 });
  expect(readdirSync(folder).sort()).toEqual(whole);
  expect(readFileSync(join(folder, "config.json"), "utf8")).toBe("{}");
});

test("it is asked for once, counts as here, and is not taken for the GGUF beside it", async () => {
  const found = await bench.get({ source, format });
  await bench.reopen();
  expect(bench.weights.sources()).toContain(`hf:org/repo@${test_commit}`);
  bench.hub.requests.length = 0;
  expect(await bench.get({ source, format })).toEqual(found);
  expect(bench.hub.requests).toEqual([]);
  expect((await bench.get({ source })).path).toEndWith("/m-Q4_K_M.gguf");
});

test("with one file missing it is no snapshot: what is missing comes again", async () => {
  bench.hub.failNext({ at: "cdn", cut_after: 100 });
  const stop = new AbortController();
  const cut = bench.get({ source, format, signal: stop.signal, tell: () => stop.abort() });
  await expect(cut).rejects.toThrow();
  await bench.reopen();
  expect(bench.weights.sources()).toEqual([]);
  expect((await bench.get({ source, format })).bytes).toBe(500_002);
});

test("a repository without safetensors is refused with a reason", async () => {
  bench.hub.repos["org/gguf"] = { files: { "m.gguf": testBytes(10) } };
  await expect(bench.get({ source: "hf:org/gguf", format })).rejects.toMatchObject({
    failure_class: "config",
    message: expect.stringContaining("no config.json with safetensors"),
  });
});
