import { afterEach, beforeEach, expect, test } from "bun:test";
import { readdirSync, readFileSync, statSync } from "node:fs";
import { join } from "node:path";
import { digestsOf } from "./hub-testbed-repos.ts";
import { type HubBench, hubBench, testBytes } from "./hub-weights-testbed.ts";

const MODEL = testBytes(8_000_000);
const { etag } = digestsOf("m.gguf", MODEL);
/** What may be on its way from the network to the disk when a process is killed. */
const LOST_BYTES = 1_000_000;

let bench: HubBench;
let blobs = "";
beforeEach(async () => {
  bench = await hubBench({ "org/repo": { files: { "m.gguf": MODEL } } });
  blobs = join(bench.folder, "models--org--repo", "blobs");
});
afterEach(() => bench.close());

/** Another process that fetches the model as an agent does. */
function fetcher(): Bun.Subprocess {
  const program = `
    import { openHubWeights } from ${JSON.stringify(join(import.meta.dir, "open.ts"))};
    const weights = await openHubWeights(${JSON.stringify(bench.folder)}, ${JSON.stringify(bench.hub.url)});
    const signal = new AbortController().signal;
    await weights.get({ source: "hf:org/repo", hf_token: "", signal, tell: () => {} });`;
  return Bun.spawn([process.execPath, "-e", program], { stdout: "ignore", stderr: "inherit" });
}

const sizeOf = (path: string): number => statSync(path, { throwIfNoEntry: false })?.size ?? 0;

test("a download that is killed again and again ends whole, with few bytes fetched twice", async () => {
  bench.hub.bytes_per_s = 20_000_000;
  const kills = [0.02, 0.3, 0.31, 0.6, 0.85];
  for (const part of kills) {
    const killed = fetcher();
    const partial = join(blobs, `${etag}.incomplete`);
    await bench.hub.when(() => sizeOf(partial) >= MODEL.length * part);
    killed.kill("SIGKILL");
    await killed.exited;
    expect(readdirSync(blobs)).toEqual([`${etag}.incomplete`]);
  }
  const { path } = await bench.get({ source: "hf:org/repo" });
  expect(readFileSync(path)).toEqual(Buffer.from(MODEL));
  const ranges = bench.hub.requests.flatMap(({ at, range }) => (at === "cdn" ? [range] : []));
  const starts = ranges.map((range) => Number(/\d+/.exec(range ?? "bytes=0-")?.[0]));
  expect(starts).toHaveLength(kills.length + 1);
  for (const [index, part] of kills.entries()) {
    expect(starts[index + 1]).toBeGreaterThanOrEqual(MODEL.length * part);
  }
  expect(bench.hub.sent()).toBeLessThan(MODEL.length + kills.length * LOST_BYTES);
}, 60_000);
