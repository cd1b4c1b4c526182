import { afterEach, beforeEach, expect, test } from "bun:test";
import { readFileSync } from "node:fs";
import { createServer, request, type Server } from "node:http";
import type { AddressInfo } from "node:net";
import { join } from "node:path";
import { type HubBench, hubBench, testBytes } from "./hub-weights-testbed.ts";
import { sharedCache } from "./open.ts";

const model = testBytes(300_000);
let bench: HubBench;
let proxy: Server;
let through: string[];
beforeEach(async () => {
  through = [];
  bench = await hubBench({ "org/repo": { files: { "m.gguf": model } } });
  // As RFC 9112 3.2.2 has it: a proxy is asked for whole addresses.
  proxy = createServer((asked, answer) => {
    through.push(`${asked.method} ${asked.url}`);
    const { method, headers } = asked;
    request(asked.url ?? "", { method, headers }, (got) => {
      answer.writeHead(got.statusCode ?? 502, got.headers);
      got.pipe(answer);
    }).end();
  });
  await new Promise<void>((settle) => proxy.listen(0, "127.0.0.1", settle));
});
afterEach(async () => {
  proxy.close();
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

const proxyUrl = () => `http://127.0.0.1:${(proxy.address() as AddressInfo).port}`;

test("a proxy that the environment names is used for the hub and for its storage", async () => {
  expect(await fetched({ HTTP_PROXY: proxyUrl() })).toEqual(Buffer.from(model));
  const paths = through.map((line) => line.replace(/ http:\/\/[^/]+/, " ").slice(0, 40));
  expect(paths.some((path) => path.startsWith("GET /api/models/org/repo"))).toBe(true);
  expect(through.length).toBe(bench.hub.requests.length);
});

test("hosts that NO_PROXY names are asked directly", async () => {
  const variables = { HTTP_PROXY: proxyUrl(), NO_PROXY: "127.0.0.1,localhost" };
  expect(await fetched(variables)).toEqual(Buffer.from(model));
  expect(through).toEqual([]);
});

test.each([
  [{}, undefined],
  [{ HF_HOME: "/data/hf" }, "/data/hf/hub"],
  [{ HF_HOME: "/data/hf", HF_HUB_CACHE: "/cache" }, "/cache"],
])("the variables %j name the cache %s", (variables, folder) => {
  expect(sharedCache(variables)).toBe(folder);
});
