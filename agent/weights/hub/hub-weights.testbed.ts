import { mkdirSync, mkdtempSync, readdirSync, rmSync, watch } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { Download } from "../../replicas/replica.ts";
import type { WeightsFormat, WeightsFound } from "../weights.ts";
import { HubTestbed } from "./hub.testbed.ts";
import type { TestRepo } from "./hub-repos.testbed.ts";
import { HubWeights, type HubWeightsTools } from "./hub-weights.ts";
import { noPeers } from "./open.ts";

export interface Wish {
  source: string;
  format?: WeightsFormat;
  hf_token?: string;
  signal?: AbortSignal;
  tell?: (download: Download) => void;
}

/** A hub, and a host's folder for what comes from it. */
export interface HubBench {
  hub: HubTestbed;
  folder: string;
  /** Of all pauses between attempts, which take no time here. */
  pauses: number[];
  /** What was logged. */
  lines: string[];
  tools: HubWeightsTools;
  weights: HubWeights;
  get(wish: Wish): Promise<WeightsFound>;
  /** Looks at the folder as a new agent does. */
  reopen(changes?: Partial<HubWeightsTools>): Promise<void>;
  /** Until the disk has records of so many blobs. */
  recorded(count: number): Promise<void>;
  close(): Promise<void>;
}

export async function hubBench(repos: Record<string, TestRepo>): Promise<HubBench> {
  const hub = await HubTestbed.start({ repos });
  const folder = mkdtempSync(join(tmpdir(), "hypervize-hub-"));
  const pauses: number[] = [];
  const lines: string[] = [];
  const tools: HubWeightsTools = {
    folder,
    hub: {
      endpoint: hub.url,
      patience_ms: 5000,
      now: Date.now,
      random: () => 1,
      pause: async (duration_ms) => void pauses.push(duration_ms),
    },
    records_folder: join(folder, ".records"),
    disk: async () => ({ free_bytes: 1e12, total_bytes: 1e12 }),
    evicts: true,
    peers: noPeers,
    needed: () => [],
    log: (line) => lines.push(line),
    report_every_ms: 20,
  };
  const bench: HubBench = {
    hub,
    folder,
    pauses,
    lines,
    tools,
    weights: await HubWeights.open(tools),
    get(wish) {
      const signal = new AbortController().signal;
      return bench.weights.get({
        format: "gguf",
        hf_token: "",
        signal,
        tell: () => undefined,
        ...wish,
      });
    },
    async reopen(changes = {}) {
      bench.weights = await HubWeights.open({ ...tools, ...changes });
    },
    recorded: (count) => entriesIn(tools.records_folder, count),
    async close() {
      await hub.stop();
      rmSync(folder, { recursive: true });
    },
  };
  return bench;
}

async function entriesIn(folder: string, count: number): Promise<void> {
  mkdirSync(folder, { recursive: true });
  const { promise, resolve } = Promise.withResolvers<void>();
  const look = () => {
    const names = readdirSync(folder).filter((name) => !name.endsWith(".new"));
    if (names.length >= count) resolve();
  };
  const watcher = watch(folder, look);
  look();
  await promise.finally(() => watcher.close());
}

/** A `tell`, and a promise of the moment when BYTES lie on the disk. */
export function reached(bytes: number): {
  tell: (download: Download) => void;
  there: Promise<void>;
} {
  const { promise, resolve } = Promise.withResolvers<void>();
  const tell = ({ downloaded_bytes }: Download) => downloaded_bytes >= bytes && resolve();
  return { tell, there: promise };
}

/** Bytes that are the same for the same arguments and repeat nowhere. */
export function testBytes(length: number, seed = 1): Uint8Array {
  const bytes = Buffer.alloc(length);
  for (let at = 0; at + 4 <= length; at += 4)
    bytes.writeUInt32LE((at * 2654435761 + seed) >>> 0, at);
  return bytes;
}
