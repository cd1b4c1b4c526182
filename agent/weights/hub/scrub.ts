import { basename, join } from "node:path";
import { tryLock } from "../../files/lock.ts";
import { type DigestKind, disk_piece_bytes, diskHash, kindOf } from "../file-hash.ts";
import { type BlobRecords, stampOf } from "./blob-records.ts";
import { blobsIn } from "./room.ts";

export interface ScrubParts {
  /** Laid out like the cache of huggingface_hub. */
  folder: string;
  records: Pick<BlobRecords, "proofOf" | "proved" | "condemn" | "remove">;
  /** Blobs that a replica of this host needs. */
  pinned(): Promise<ReadonlySet<string>>;
  now(): number;
  /** Rejects with SIGNAL's reason. */
  pause(duration_ms: number, signal: AbortSignal): Promise<void>;
  /** Something was removed. */
  removed(): Promise<void>;
  log(line: string): void;
}

/** So slow that nobody who serves or loads from the same disk notices: a terabyte takes nine hours. */
const bytes_per_s = 32 * disk_piece_bytes;
const again_after_ms = 30 * 24 * 3_600_000;
const look_every_ms = 10 * 60_000;

/**
 * Reads weights that lie here again, now and then: a disk may lose bits without that size or time of change
 * of a file say so. What is damaged is removed and comes again when it is needed; what a replica runs from
 * stays until it does not, and is reported.
 */
export class Scrub {
  readonly #parts: ScrubParts;
  #spoiled: ReadonlySet<string> = new Set();

  constructor(parts: ScrubParts) {
    this.#parts = parts;
  }

  /** Damaged blobs that replicas run from, as of the last look. */
  damaged(): ReadonlySet<string> {
    return this.#spoiled;
  }

  /** Until SIGNAL aborts. */
  async keep(signal: AbortSignal): Promise<void> {
    while (!signal.aborted) {
      await this.look(signal).catch((error: unknown) => {
        if (!signal.aborted) this.#parts.log(`weights cannot be checked again: ${String(error)}`);
      });
      await this.#parts.pause(look_every_ms, signal).catch(() => undefined);
    }
  }

  /** Everything that is due, one blob after the other; nothing while another agent on the same cache does it. */
  async look(signal: AbortSignal): Promise<void> {
    const { folder, now } = this.#parts;
    const blobs = (await blobsIn(folder)).filter(({ path }) => !path.endsWith(".incomplete"));
    await this.#clear(blobs);
    for (const { path, bytes } of blobs) {
      signal.throwIfAborted();
      const proof = await this.#parts.records.proofOf(path).catch(() => undefined);
      // What another program has put here is checked when it is used.
      if (proof === undefined || proof === "damaged") continue;
      // Of what S3 has no checksum for, nothing says what it was.
      if (kindOf(basename(path)) === "none") continue;
      if (now() - proof.proved_at_ms < again_after_ms) continue;
      const lock = await tryLock(join(folder, ".locks", "scrub.lock"));
      if (typeof lock === "number") return;
      await this.#check(path, bytes, signal).finally(lock);
    }
    await this.#clear(blobs);
  }

  async #check(path: string, bytes: number, signal: AbortSignal): Promise<void> {
    const { records, log } = this.#parts;
    const digest = basename(path);
    const before = await stampOf(path);
    const found = await this.#digestOf(path, kindOf(digest), bytes, signal);
    // Evicted, or touched: then the next use checks it.
    if ((await stampOf(path).catch(() => "")) !== before) return;
    if (found === digest) return records.proved(path);
    log(`${path} is not what it was, although nobody has changed it: the disk has lost some of it`);
    await records.condemn(path);
  }

  /** Undefined when the disk cannot read it any more. */
  async #digestOf(
    path: string,
    kind: DigestKind,
    bytes: number,
    signal: AbortSignal,
  ): Promise<string | undefined> {
    const hash = diskHash(path, kind, bytes);
    try {
      for (let at = disk_piece_bytes; at < bytes; at += disk_piece_bytes) {
        hash.upTo(at);
        await this.#parts.pause((1000 * disk_piece_bytes) / bytes_per_s, signal);
      }
      return await hash.digest(bytes);
    } catch (error) {
      if (error instanceof Error && error.message.includes("EIO")) return undefined;
      throw error;
    } finally {
      hash.end();
    }
  }

  /** Removes what is damaged and not needed, and keeps in mind what is. */
  async #clear(blobs: readonly { path: string }[]): Promise<void> {
    const { records, pinned, removed, log } = this.#parts;
    const bad: string[] = [];
    for (const { path } of blobs) {
      if ((await records.proofOf(path).catch(() => undefined)) === "damaged") bad.push(path);
    }
    const needed = bad.length === 0 ? new Set<string>() : await pinned();
    this.#spoiled = new Set(bad.filter((path) => needed.has(path)));
    const going = bad.filter((path) => !needed.has(path));
    for (const path of going) {
      log(`${path} is damaged and nobody uses it: it is removed, and fetched when it is needed`);
      await records.remove(path);
    }
    if (going.length > 0) await removed();
  }
}
