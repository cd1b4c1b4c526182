/** Weights from a hub, checksum included, next to curl of the same file from the same server. */
import { createHash, randomFillSync } from "node:crypto";
import { mkdtempSync, openSync, rmSync, writeSync } from "node:fs";
import { join } from "node:path";
import { noPeers, openHubWeights } from "../../agent/weights/hub/open.ts";
import type { Bed } from "./bed.ts";
import type { Report } from "./report.ts";
import { median, rounded, rounds } from "./rounds.ts";

const megabyte = 1_000_000;

export async function weights({ testbed, nginx, files }: Bed, isShort: boolean): Promise<Report> {
  const bytes = (isShort ? 300 : 1500) * megabyte;
  const address = `http://127.0.0.1:${nginx.port}/files/model.gguf`;
  const hub = hubOf(address, bytes, randomFile(join(files, "model.gguf"), bytes));
  testbed.defer(async () => hub.stop(true));
  const subjects = {
    ours: (folder: string) => download(folder, `http://127.0.0.1:${hub.port}`),
    curl: (folder: string) => curl(join(folder, "model.gguf"), address),
  };
  const names = [{ name: "ours" }, { name: "curl" }] as const;
  const results = await rounds(isShort ? 3 : 7, names, async ({ name }) => {
    const folder = mkdtempSync(join(testbed.folder(), "weights-"));
    // Neither pays for what the other has left to be written.
    Bun.spawnSync(["sync"]);
    const began = performance.now();
    await subjects[name](folder);
    const seconds = (performance.now() - began) / 1000;
    rmSync(folder, { recursive: true });
    return seconds;
  });
  const rate = (name: string) => bytes / median(results.get(name) ?? []) / megabyte;
  const ratio = rate("ours") / rate("curl");
  const what = `${bytes / megabyte} MB of weights with sha256`;
  const ours = `${rate("ours").toFixed(0)} MB/s`;
  const verdict = `curl: ${rate("curl").toFixed(0)} MB/s; ${ratio.toFixed(2)} x`;
  return {
    rows: [{ what, ours, verdict, goal: ">= 0.9" }],
    fields: { weights_vs_curl: rounded(ratio) },
  };
}

function randomFile(path: string, bytes: number): string {
  const hash = createHash("sha256");
  const file = openSync(path, "w");
  const piece = Buffer.alloc(megabyte);
  for (let written = 0; written < bytes; written += piece.length) {
    randomFillSync(piece);
    hash.update(piece);
    writeSync(file, piece);
  }
  return hash.digest("hex");
}

/** Speaks the hub's protocol of one file, which lies elsewhere, as Hugging Face's large files do. */
function hubOf(address: string, bytes: number, sha256: string): Bun.Server<undefined> {
  const sha = "0".repeat(40);
  return Bun.serve({
    port: 0,
    hostname: "127.0.0.1",
    fetch({ url }) {
      if (new URL(url).pathname.startsWith("/api/"))
        return Response.json({ sha, siblings: [{ rfilename: "model.gguf" }] });
      const linked = { "x-linked-etag": `"${sha256}"`, "x-linked-size": String(bytes) };
      const headers = { location: address, "x-repo-commit": sha, ...linked };
      return new Response(null, { status: 302, headers });
    },
  });
}

async function download(folder: string, HF_ENDPOINT: string): Promise<void> {
  const parts = { needed: () => [], evicts: false, peers: noPeers, log: () => undefined };
  const store = await openHubWeights(folder, { HF_ENDPOINT }, parts);
  const { signal } = new AbortController();
  const tell = () => undefined;
  await store.get({ source: "hf:org/model", format: "gguf", hf_token: "", signal, tell });
}

async function curl(path: string, address: string): Promise<void> {
  const child = Bun.spawn(["curl", "--silent", "--fail", "--output", path, address]);
  if ((await child.exited) !== 0) throw new Error("curl failed. Install it: apt-get install curl");
}
