/** A store, and a host's folder for what comes from it. */
import { mkdtempSync, readdirSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { S3Access } from "../../contract/protocol/messages.ts";
import { S3Testbed } from "../../contract/s3/s3.testbed.ts";
import type { Download } from "../../replicas/replica.ts";
import { HubWeights, type HubWeightsTools } from "../hub/hub-weights.ts";
import { noPeers } from "../hub/open.ts";
import type { WeightsFound, WeightsRequest } from "../weights.ts";

export interface S3Wish {
  format?: WeightsRequest["format"];
  s3?: Partial<S3Access> | null;
  signal?: AbortSignal;
  tell?: (download: Download) => void;
}

export class S3Bench {
  readonly store: S3Testbed;
  readonly folder = mkdtempSync(join(tmpdir(), "hypervize-s3-"));
  /** Of all pauses between attempts, which take no time here. */
  readonly pauses: number[] = [];
  /** What was logged. */
  readonly lines: string[] = [];
  #open: Promise<HubWeights>;

  private constructor(store: S3Testbed) {
    this.store = store;
    this.#open = this.#opened();
  }

  static async start(...world: Parameters<typeof S3Testbed.start>): Promise<S3Bench> {
    return new S3Bench(await S3Testbed.start(...world));
  }

  async get(source: string, wish: S3Wish = {}): Promise<WeightsFound> {
    const { format = "either", s3, signal = new AbortController().signal, tell } = wish;
    const access = s3 === null ? null : this.store.access(s3);
    const weights = await this.#open;
    const rest = { hf_token: "", signal, tell: tell ?? (() => undefined) };
    return weights.get({ source, format, s3: access, ...rest });
  }

  weights(): Promise<HubWeights> {
    return this.#open;
  }

  /** Looks at the folder as a new agent does, at another time if that is said. */
  reopen(changes: Partial<HubWeightsTools> = {}, now_ms?: number): void {
    this.#open = this.#opened(changes, now_ms);
  }

  /** Names of blobs of the place, also of those that are not whole. */
  blobs(place: string): string[] {
    return readdirSync(join(this.folder, `s3--${encodeURIComponent(place)}`, "blobs")).sort();
  }

  async close(): Promise<void> {
    await this.store.stop();
    rmSync(this.folder, { recursive: true });
  }

  #opened(changes: Partial<HubWeightsTools> = {}, now_ms?: number): Promise<HubWeights> {
    return HubWeights.open({
      folder: this.folder,
      records_folder: join(this.folder, ".records"),
      hub: {
        endpoint: "http://nowhere.invalid",
        patience_ms: 5000,
        now: () => now_ms ?? Date.now(),
        random: () => 1,
        pause: async (duration_ms) => void this.pauses.push(duration_ms),
      },
      disk: async () => ({ free_bytes: 1e12, total_bytes: 1e12 }),
      evicts: true,
      peers: noPeers,
      needed: () => [],
      report_every_ms: 20,
      log: (line) => this.lines.push(line),
      ...changes,
    });
  }
}
