import { afterEach, beforeEach, expect, test } from "bun:test";
import { readdirSync, readFileSync, statSync } from "node:fs";
import { join } from "node:path";
import { digestsOf } from "./hub-repos.testbed.ts";
import { type HubBench, hubBench, testBytes } from "./hub-weights.testbed.ts";

const model = testBytes(16_000_000);
const { etag } = digestsOf("m.gguf", model);
/** What may be on its way from the network to the disk when a process is killed. */
const lost_bytes = 1_000_000;

/** N shares of the whole in rising order, the same in every run (a linear congruential generator). */
function offsets(n: number): number[] {
  let state = 20_261_123;
  const next = () => {
    state = (state * 1_103_515_245 + 12_345) % 2_147_483_648;
    return (0.9 * state) / 2_147_483_648;
  };
  return Array.from({ length: n }, next).toSorted((one, other) => one - other);
}

let bench: HubBench;
let blobs = "";
beforeEach(async () => {
  bench = await hubBench({ "org/repo": { files: { "m.gguf": model } } });
  blobs = join(bench.folder, "models--org--repo", "blobs");
});
afterEach(() => bench.close());

/** Another process that fetches the model as an agent does. */
function fetcher(): Bun.Subprocess {
  const program = `
    import { noPeers, openHubWeights } from ${JSON.stringify(join(import.meta.dir, "open.ts"))};
    const weights = await openHubWeights(${JSON.stringify(bench.folder)}, { HF_ENDPOINT: ${JSON.stringify(bench.hub.url)} }, { needed: () => [], evicts: true, peers: noPeers, log: () => {} });
    const signal = new AbortController().signal;
    await weights.get({ source: "hf:org/repo", format: "gguf", hf_token: "", signal, tell: () => {} });`;
  return Bun.spawn([process.execPath, "-e", program], { stdout: "ignore", stderr: "inherit" });
}

const sizeOf = (path: string): number => statSync(path, { throwIfNoEntry: false })?.size ?? 0;

test("a download that is killed at a hundred offsets ends whole, and nothing that lay here comes twice", async () => {
  bench.hub.bytes_per_s = 20_000_000;
  const kills = offsets(100);
  const left: number[] = [];
  for (const part of kills) {
    const partial = join(blobs, `${etag}.incomplete`);
    const goal = Math.max(model.length * part, sizeOf(partial) + 1);
    const killed = fetcher();
    await bench.hub.when(() => sizeOf(partial) >= goal);
    killed.kill("SIGKILL");
    await killed.exited;
    left.push(sizeOf(partial));
    expect(readdirSync(blobs)).toEqual([`${etag}.incomplete`]);
  }
  const { path } = await bench.get({ source: "hf:org/repo" });
  expect(readFileSync(path)).toEqual(Buffer.from(model));
  const ranges = bench.hub.requests.flatMap(({ at, range }) => (at === "cdn" ? [range] : []));
  const starts = ranges.map((range) => Number(/\d+/.exec(range ?? "bytes=0-")?.[0]));
  expect(starts).toEqual([0, ...left]);
  expect(bench.hub.sent()).toBeLessThan(model.length + kills.length * lost_bytes);
}, 60_000);
