/** What only another process can show: kill -9, and a proxy of the environment. */
import { afterEach, beforeEach, expect, test } from "bun:test";
import { readdirSync, readFileSync, statSync } from "node:fs";
import { join } from "node:path";
import type { S3Access } from "../../contract/protocol/messages.ts";
import { forwardingProxy } from "../../contract/proxy.testbed.ts";
import { etagOf } from "../../contract/s3/store-answers.testbed.ts";
import { testBytes } from "../hub/hub-weights.testbed.ts";
import { S3Bench } from "./s3-bench.testbed.ts";

const model = { body: testBytes(12_000_000), part_bytes: 5 * 1024 * 1024 };
/** What may be on its way from the network to the disk when a process is killed. */
const lost_bytes = 1_000_000;

let bench: S3Bench;
beforeEach(async () => {
  bench = await S3Bench.start({ "m/m.gguf": model });
});
afterEach(() => bench.close());

/** Another process that fetches the model as an agent does; it prints the path. */
function fetcher(env: Record<string, string> = {}, over: Partial<S3Access> = {}) {
  const s3 = bench.store.access(over);
  const wish = { source: "s3://models/m", format: "gguf", hf_token: "", s3 };
  const program = `
    import { noPeers, openHubWeights } from ${JSON.stringify(join(import.meta.dir, "../hub/open.ts"))};
    const parts = { needed: () => [], evicts: true, peers: noPeers, log: () => {} };
    const weights = await openHubWeights(${JSON.stringify(bench.folder)}, process.env, parts);
    const { signal } = new AbortController();
    console.log((await weights.get({ ...${JSON.stringify(wish)}, signal, tell: () => {} })).path);`;
  const { PATH = "" } = process.env;
  return Bun.spawn([process.execPath, "-e", program], {
    env: { PATH, ...env },
    stdout: "pipe",
    stderr: "inherit",
  });
}

const sizeOf = (path: string): number => statSync(path, { throwIfNoEntry: false })?.size ?? 0;

test("a download that is killed again and again ends whole, and nothing that lay here comes twice", async () => {
  bench.store.bytes_per_s = 20_000_000;
  const digest = `${etagOf(model)}-${model.part_bytes}`;
  const blobs = join(bench.folder, `s3--${encodeURIComponent("models/m")}`, "blobs");
  const partial = join(blobs, `${digest}.incomplete`);
  const left: number[] = [];
  for (const part of [0.01, 0.2, 0.2, 0.35, 0.5, 0.51, 0.7, 0.9]) {
    const goal = Math.max(model.body.length * part, sizeOf(partial) + 1);
    const killed = fetcher();
    await bench.store.when(() => sizeOf(partial) >= goal);
    killed.kill("SIGKILL");
    await killed.exited;
    left.push(sizeOf(partial));
    expect(readdirSync(blobs)).toEqual([`${digest}.incomplete`]);
  }
  const { path } = await bench.get("s3://models/m");
  expect(readFileSync(path).equals(model.body)).toBe(true);
  const ranges = bench.store.requests.flatMap(({ isObject, range }) => (isObject ? [range] : []));
  const starts = ranges.map((range) => Number(/\d+/.exec(range ?? "bytes=0-")?.[0]));
  expect(starts).toEqual([0, ...left]);
  expect(bench.store.sent()).toBeLessThan(model.body.length + left.length * lost_bytes);
}, 60_000);

test("a proxy that the environment names is used, and signed requests pass it", async () => {
  const through: string[] = [];
  const proxy = await forwardingProxy(through);
  const away = { endpoint: proxy.elsewhere(bench.store.url) };
  const { stdout } = fetcher({ HTTP_PROXY: proxy.url }, away);
  const path = (await new Response(stdout).text()).trim();
  expect(readFileSync(path).equals(model.body)).toBe(true);
  expect(through).toHaveLength(bench.store.requests.length);
  expect(through.every((asked) => asked.includes(` ${away.endpoint}/`))).toBe(true);
  proxy.stop();
});
