import { constants } from "node:fs";
import { type FileHandle, open } from "node:fs/promises";
import { type FileHash, fileHash, kindOf } from "../file-hash.ts";

/** That wait for the disk. */
const most_bytes = 1024 * 1024;
/** The system takes 1,024 in one call (IOV_MAX, writev(2)). */
const most_pieces = 512;

/**
 * A file that grows at its end, and is hashed from the disk as it grows, what an ended agent left included.
 * Pieces are gathered while those before them are written, so that network, disk and checksum each do their
 * work at the same time.
 */
export class PartialFile {
  readonly #file: FileHandle;
  readonly #begin: () => FileHash;
  #hash: FileHash;
  #gathered: Uint8Array[] = [];
  #gathered_bytes = 0;
  #written = 0;
  #writing: Promise<void> = Promise.resolve();
  #isWriting = false;
  /** Bytes that it has, or will have as soon as they are written. */
  length = 0;

  private constructor(file: FileHandle, begin: () => FileHash) {
    this.#file = file;
    this.#begin = begin;
    this.#hash = begin();
  }

  /** Its folder is there. BYTES and DIGEST are those of the whole file; more than that is thrown away. */
  static async open(path: string, bytes: number, digest: string): Promise<PartialFile> {
    const file = await open(path, constants.O_RDWR | constants.O_CREAT | constants.O_APPEND, 0o600);
    try {
      const { size } = await file.stat();
      if (size > bytes) await file.truncate(0);
      const partial = new PartialFile(file, () => fileHash(path, kindOf(digest), bytes));
      partial.#grow(size > bytes ? 0 : size);
      partial.length = partial.#written;
      return partial;
    } catch (error) {
      await file.close();
      throw error;
    }
  }

  /** Takes BYTES over. Rejects with the disk's error, also about what was appended before; it is then of no use any more. */
  async append(bytes: Uint8Array): Promise<void> {
    this.#gathered.push(bytes);
    this.#gathered_bytes += bytes.length;
    this.length += bytes.length;
    const isMuch = this.#gathered_bytes >= most_bytes || this.#gathered.length >= most_pieces;
    if (isMuch) await this.#writing;
    if (!this.#isWriting) this.#write();
  }

  async restart(): Promise<void> {
    this.#gathered = [];
    this.#gathered_bytes = 0;
    await this.#writing;
    await this.#file.truncate(0);
    this.#hash.end();
    this.#hash = this.#begin();
    this.#written = 0;
    this.length = 0;
  }

  /** Its checksum in hex. Nothing may be appended any more. */
  async digest(): Promise<string> {
    await this.#flush();
    return this.#hash.digest(this.#written);
  }

  /** What was appended is kept for the next one who opens it. */
  async close(): Promise<void> {
    try {
      await this.#flush();
    } finally {
      this.#hash.end();
      await this.#file.close();
    }
  }

  async #flush(): Promise<void> {
    await this.#writing;
    if (this.#gathered_bytes > 0) this.#write();
    await this.#writing;
  }

  #write(): void {
    const pieces = this.#gathered;
    this.#gathered = [];
    this.#gathered_bytes = 0;
    this.#isWriting = true;
    this.#writing = this.#writeAll(pieces);
    // Whoever appends next hears of it.
    this.#writing.catch(() => undefined);
  }

  async #writeAll(pieces: readonly Uint8Array[]): Promise<void> {
    for (let rest = pieces; rest.length > 0; ) {
      const { bytesWritten } = await this.#file.writev(rest);
      this.#grow(bytesWritten);
      rest = behind(rest, bytesWritten);
    }
    this.#isWriting = false;
  }

  #grow(bytes: number): void {
    this.#written += bytes;
    this.#hash.upTo(this.#written);
  }
}

/** What of PIECES is left after so many bytes. */
function behind(pieces: readonly Uint8Array[], bytes: number): Uint8Array[] {
  let skip = bytes;
  return pieces.flatMap((piece) => {
    const gone = Math.min(skip, piece.length);
    skip -= gone;
    return gone === piece.length ? [] : [piece.subarray(gone)];
  });
}
