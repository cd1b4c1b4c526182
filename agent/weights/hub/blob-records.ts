import { createHash } from "node:crypto";
import { open, readFile, realpath, stat, unlink, utimes } from "node:fs/promises";
import { basename, join } from "node:path";
import { writeDurably } from "../../files/durable-file.ts";
import { digestOf, kindOf } from "../file-hash.ts";

/** In the place of a time. */
const damaged = "damaged";

/** What is known of a blob that was not touched since. */
export type Proof = { proved_at_ms: number } | typeof damaged;

/**
 * Which blobs are known to be right, and when they were last used: one small file per blob, written when
 * its checksum was right and the disk has all of it. It holds the blob's size and time of change, so that a
 * file that was touched since, or was perhaps not whole when the power went, is checked again; and when its
 * checksum was made last. Its own time of change is when the blob was last used.
 */
export class BlobRecords {
  readonly #folder: string;
  /** Found right by this process, until the disk has a record of it: others may already ask. */
  readonly #fresh = new Map<string, string>();

  readonly #now: () => number;

  constructor(folder: string, now: () => number) {
    this.#folder = folder;
    this.#now = now;
  }

  /** Its checksum was right a moment ago. Resolves when the disk has it. */
  async keep(path: string): Promise<void> {
    const blob = await realpath(path);
    this.#fresh.set(blob, await stampOf(blob));
    const file = await open(blob, "r");
    try {
      await file.sync();
    } finally {
      await file.close();
    }
    const now_ms = this.#now();
    await this.#write(blob, String(now_ms), now_ms);
    this.#fresh.delete(blob);
  }

  /** As `keep`, for a blob that nobody uses by that. */
  async proved(blob: string): Promise<void> {
    await this.#write(blob, String(this.#now()), await this.usedAt(blob));
  }

  /** Its checksum is wrong although nobody has touched it. Nothing reads or gives it as whole any more. */
  async condemn(blob: string): Promise<void> {
    const used_at_ms = await this.usedAt(blob);
    this.#fresh.delete(blob);
    await this.#write(blob, damaged, used_at_ms);
  }

  /** Undefined for a blob of which nothing is known, or that was touched since. */
  async proofOf(blob: string): Promise<Proof | undefined> {
    const known = await readFile(await this.#recordOf(blob), "utf8").catch(() => "");
    // A record of an earlier version has no second line: long ago.
    const [stamp, proof = "0"] = known.split("\n");
    if (stamp !== (await stampOf(blob))) return undefined;
    return proof === damaged ? damaged : { proved_at_ms: Number(proof) };
  }

  /**
   * Whether the blob that PATH leads to is what its name says. A gigabyte takes about a second where
   * nothing is known. A blob that is not named after a checksum cannot be judged and passes; but one of ours
   * (see `unchecked`) must be as it came.
   */
  async isRight(path: string): Promise<boolean> {
    const blob = await realpath(path);
    const digest = basename(blob);
    const kind = kindOf(digest);
    if (kind === "none" && !isUnchecked(digest)) return true;
    const proof = await this.proofOf(blob);
    // The system's memory may still have what the disk has lost.
    if (proof !== undefined) return proof !== damaged;
    if (this.#fresh.get(blob) === (await stampOf(blob))) return true;
    if (kind === "none" || (await digestOf(blob, kind)) !== digest) return false;
    await this.keep(blob);
    return true;
  }

  /** Of a blob that was found right and was not touched since; undefined for any other. */
  async knownBytes(blob: string): Promise<number | undefined> {
    try {
      const stamp = await stampOf(blob);
      const proof = this.#fresh.get(blob) === stamp || (await this.proofOf(blob));
      return proof && proof !== damaged ? Number(stamp.split(" ")[0]) : undefined;
    } catch {
      return undefined;
    }
  }

  async used(path: string, now_ms: number): Promise<void> {
    const record = await this.#recordOf(await realpath(path));
    await utimes(record, now_ms / 1000, now_ms / 1000).catch(() => undefined);
  }

  /** When it was last used; when it came, for one that nobody has used. */
  async usedAt(path: string): Promise<number> {
    const record = await stat(await this.#recordOf(path)).catch(() => stat(path));
    return Math.round(record.mtimeMs);
  }

  /** Also what is known of it. */
  async remove(blob: string): Promise<void> {
    const record = await this.#recordOf(blob);
    await unlink(blob);
    await unlink(record).catch(() => undefined);
  }

  async #write(blob: string, proof: string, used_at_ms: number): Promise<void> {
    await writeDurably(await this.#recordOf(blob), `${await stampOf(blob)}\n${proof}`);
    await this.used(blob, used_at_ms);
  }

  /** The same checksum may lie here twice, of two repositories. */
  async #recordOf(blob: string): Promise<string> {
    const { ino } = await stat(blob, { bigint: true });
    return join(this.#folder, `${basename(blob)}-${ino}`);
  }
}

const unchecked_blob = "etag-";

/** The name of a blob of which only this is known: bytes and ETag, which say when it is another one. */
export const unchecked = (etag: string, bytes: number): string =>
  unchecked_blob + createHash("sha256").update(`${bytes} ${etag}`).digest("hex");

const isUnchecked = (name: string): boolean => name.startsWith(unchecked_blob);

/** Its size and time of change. */
export async function stampOf(blob: string): Promise<string> {
  const { size, mtimeNs } = await stat(blob, { bigint: true });
  return `${size} ${mtimeNs}`;
}
