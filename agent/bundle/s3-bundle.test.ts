import { afterAll, beforeAll, expect, test } from "bun:test";
import { readFileSync, realpathSync, rmSync } from "node:fs";
import { basename, join } from "node:path";
import { S3Testbed } from "../contract/s3/s3.testbed.ts";
import { noPeers, openHubWeights } from "../weights/hub/open.ts";
import { BundleBench, noise } from "./bundle.testbed.ts";
import { sha256Of } from "./contents.ts";

const bench = new BundleBench();
const weights = noise(3_000_000, 1);
const config = Buffer.from("{}");
const models = ["s3://models/llms/ü (1):Q4_K_M", "s3://models/whole"];
let store: S3Testbed;

beforeAll(async () => {
  store = await S3Testbed.start({
    "llms/ü (1)/deep/m-Q4_K_M.gguf": { body: weights, part_bytes: 1024 * 1024 },
    "llms/ü (1)/m-Q8_0.gguf": noise(9, 2),
    "whole/config.json": config,
    "whole/model.safetensors": noise(1000, 3),
  });
});
afterAll(async () => {
  bench.close();
  await store.stop();
});

const again = () => rmSync(bench.bundle, { force: true });

test("models of S3 are exported from the store, and serve where there is none", async () => {
  await bench.export({ models, s3: () => store.access() });
  const home = bench.home();
  const { items } = await bench.import(home);
  expect(items.map(({ item }) => item)).toMatchObject([
    { repository: "s3://models/llms/ü (1)", revision: "main" },
    { repository: "s3://models/whole", revision: "main" },
  ]);
  await store.stop();
  const folder = join(home, "agent", "weights", "hub");
  const site = await openHubWeights(
    folder,
    {},
    { needed: () => [], evicts: true, peers: noPeers, log: () => undefined },
  );
  for (const [position, { item, path }] of items.entries()) {
    if (item.kind !== "hub") throw new Error(item.kind);
    const pin = models[position]?.replace(/(?=:Q|$)/, `@${item.commit}`) ?? "";
    for (const source of [models[position] ?? "", pin]) {
      const wish = { source, format: "either", hf_token: "", s3: null } as const;
      const { signal } = new AbortController();
      const found = await site.get({ ...wish, signal, tell: () => undefined });
      expect(found.path).toBe(path);
    }
  }
  const [{ path = "" } = {}] = items;
  expect(readFileSync(path).equals(weights)).toBe(true);
  // A bundle calls its blobs by what they hold, whatever the store told.
  expect(basename(realpathSync(path))).toBe(sha256Of(weights));
});

test("what lies in the cache is exported without the store, and the bundle has no keys in it", async () => {
  again();
  await bench.export({ models });
  expect(bench.bytes().includes(store.access().secret_access_key)).toBe(false);
});

test("with neither, the sentence says what opens the store", async () => {
  again();
  await expect(bench.export({ models: ["s3://models/other"] })).rejects.toThrow(
    "s3://models/other is not in the cache, and nothing opens its store. Set AWS_ENDPOINT_URL, AWS_ACCESS_KEY_ID",
  );
});
