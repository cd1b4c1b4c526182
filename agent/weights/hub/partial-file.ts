import { createHash, type Hash } from "node:crypto";
import { constants } from "node:fs";
import { type FileHandle, mkdir, open } from "node:fs/promises";
import { dirname } from "node:path";

const CHUNK_BYTES = 1024 * 1024;

/**
 * A file that grows at its end. What was hashed is always what lies in it: a file that an ended agent
 * left is read once when it is opened.
 */
export class PartialFile {
  private readonly file: FileHandle;
  private readonly begin: () => Hash;
  private hash: Hash;
  /** Bytes that it has. */
  length = 0;

  private constructor(file: FileHandle, begin: () => Hash) {
    this.file = file;
    this.begin = begin;
    this.hash = begin();
  }

  /** BYTES and DIGEST are those of the whole file; more than that is thrown away. */
  static async open(path: string, bytes: number, digest: string): Promise<PartialFile> {
    await mkdir(dirname(path), { recursive: true, mode: 0o700 });
    const file = await open(path, constants.O_RDWR | constants.O_CREAT | constants.O_APPEND, 0o600);
    const partial = new PartialFile(file, () => hashLike(digest, bytes));
    try {
      if ((await file.stat()).size > bytes) await file.truncate(0);
      await partial.readWhatIsThere();
      return partial;
    } catch (error) {
      await file.close();
      throw error;
    }
  }

  async append(bytes: Uint8Array): Promise<void> {
    await this.file.appendFile(bytes);
    this.hash.update(bytes);
    this.length += bytes.length;
  }

  async restart(): Promise<void> {
    await this.file.truncate(0);
    this.hash = this.begin();
    this.length = 0;
  }

  /** In hex, and on the disk. Nothing may be appended any more. */
  async finish(): Promise<string> {
    await this.file.sync();
    return this.hash.digest("hex");
  }

  async close(): Promise<void> {
    await this.file.close();
  }

  private async readWhatIsThere(): Promise<void> {
    const buffer = Buffer.alloc(CHUNK_BYTES);
    for (;;) {
      const { bytesRead } = await this.file.read(buffer, 0, CHUNK_BYTES, this.length);
      if (bytesRead === 0) return;
      this.hash.update(buffer.subarray(0, bytesRead));
      this.length += bytesRead;
    }
  }
}

/** SHA-256, or git's SHA-1 of a blob, which begins with its kind and length (git hash-object). */
function hashLike(digest: string, bytes: number): Hash {
  return digest.length === 64 ? createHash("sha256") : createHash("sha1").update(`blob ${bytes}\0`);
}
