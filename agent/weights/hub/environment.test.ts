import { afterEach, beforeEach, expect, test } from "bun:test";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { forwardingProxy } from "../../contract/proxy.testbed.ts";
import { type HubBench, hubBench, testBytes } from "./hub-weights.testbed.ts";
import { sharedCache } from "./open.ts";

const model = testBytes(300_000);
let bench: HubBench;
let proxy: Awaited<ReturnType<typeof forwardingProxy>>;
let through: string[];
beforeEach(async () => {
  through = [];
  bench = await hubBench({ "org/repo": { files: { "m.gguf": model } } });
  proxy = await forwardingProxy(through);
});
afterEach(async () => {
  proxy.stop();
  await bench.close();
});

/** An agent's download in a process with these variables; resolves with the file. */
async function fetched(variables: Record<string, string>): Promise<Buffer> {
  const program = `
    import { noPeers, openHubWeights } from ${JSON.stringify(join(import.meta.dir, "open.ts"))};
    const parts = { needed: () => [], evicts: true, peers: noPeers, log: () => {} };
    const weights = await openHubWeights(${JSON.stringify(bench.folder)}, process.env, parts);
    const { signal } = new AbortController();
    const wish = { source: "hf:org/repo", format: "gguf", hf_token: "", signal, tell: () => {} };
    console.log((await weights.get(wish)).path);`;
  const { PATH = "" } = process.env;
  const child = Bun.spawn([process.execPath, "-e", program], {
    env: { PATH, HF_ENDPOINT: bench.hub.url, ...variables },
    stdio: ["ignore", "pipe", "inherit"],
  });
  return readFileSync((await new Response(child.stdout).text()).trim());
}

test("a proxy that the environment names is used for the hub and for its storage", async () => {
  const HF_ENDPOINT = proxy.elsewhere(bench.hub.url);
  expect(await fetched({ HF_ENDPOINT, HTTP_PROXY: proxy.url })).toEqual(Buffer.from(model));
  const paths = through.map((line) => line.replace(/ http:\/\/[^/]+/, " ").slice(0, 40));
  expect(paths.some((path) => path.startsWith("GET /api/models/org/repo"))).toBe(true);
  expect(through.length).toBe(bench.hub.requests.length);
});

test("a hub on this machine is asked directly", async () => {
  expect(await fetched({ HTTP_PROXY: proxy.url })).toEqual(Buffer.from(model));
  expect(through).toEqual([]);
});

test.each([
  [{}, undefined],
  [{ HF_HOME: "/data/hf" }, "/data/hf/hub"],
  [{ HF_HOME: "/data/hf", HF_HUB_CACHE: "/cache" }, "/cache"],
])("the variables %j name the cache %s", (variables, folder) => {
  expect(sharedCache(variables)).toBe(folder);
});
