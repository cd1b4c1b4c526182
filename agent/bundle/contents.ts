/** Files cut into chunks, each distinct chunk once: read once to learn the checksums, once to write. */
import { createHash } from "node:crypto";
import { type FileHandle, open } from "node:fs/promises";
import type { BundledFile, Chunk } from "./manifest.ts";

/** A file that goes into a bundle. */
export interface InputFile {
  /** As in BundledFile. */
  name: string;
  executable: boolean;
  /** Its bytes, or where they lie. */
  content: Uint8Array | { path: string };
}

/** Also the most that is lost of a transfer that breaks off. */
export const chunk_bytes = 8 * 1024 * 1024;

export interface Digests {
  /** Of git: SHA-1 over `blob LENGTH\0` and the bytes. */
  git_sha1: string;
}

export class Contents {
  readonly chunks: Chunk[] = [];
  readonly #origins: { content: InputFile["content"]; offset: number }[] = [];
  readonly #positions = new Map<string, number>();

  /** Reads FILE from its beginning to its end. */
  async add(file: InputFile): Promise<BundledFile & Digests> {
    const reader = await readerOf(file.content);
    try {
      const whole = createHash("sha256");
      const git = createHash("sha1").update(`blob ${reader.bytes}\0`);
      const chunks: number[] = [];
      for (let offset = 0; offset < reader.bytes; offset += chunk_bytes) {
        const bytes = await reader.read(offset, Math.min(chunk_bytes, reader.bytes - offset));
        whole.update(bytes);
        git.update(bytes);
        chunks.push(this.#position(bytes, { content: file.content, offset }));
      }
      const { name, executable } = file;
      const [sha256, git_sha1] = [whole.digest("hex"), git.digest("hex")];
      return {
        name,
        bytes: reader.bytes,
        sha256,
        git_sha1,
        chunks,
        ...(executable && { executable }),
      };
    } finally {
      await reader.close();
    }
  }

  /** Every chunk in order. Throws an Error with a sentence for a file that changed since it was added. */
  async *read(): AsyncGenerator<Uint8Array> {
    for (const [position, chunk] of this.chunks.entries()) {
      const origin = this.#origins[position];
      if (origin === undefined) throw new Error("a chunk without origin");
      const reader = await readerOf(origin.content);
      try {
        const bytes = await reader.read(origin.offset, chunk.bytes);
        if (sha256Of(bytes) !== chunk.sha256) throw new Error("other bytes than before");
        yield bytes;
      } catch (cause) {
        const path = "path" in origin.content ? origin.content.path : "A file";
        const sentence = `${path} changed while it was exported. Run the export again.`;
        throw new Error(sentence, { cause });
      } finally {
        await reader.close();
      }
    }
  }

  #position(bytes: Uint8Array, origin: { content: InputFile["content"]; offset: number }): number {
    const sha256 = sha256Of(bytes);
    const known = this.#positions.get(sha256);
    if (known !== undefined) return known;
    const position = this.chunks.push({ sha256, bytes: bytes.length }) - 1;
    this.#positions.set(sha256, position);
    this.#origins.push(origin);
    return position;
  }
}

export const sha256Of = (bytes: Uint8Array): string =>
  createHash("sha256").update(bytes).digest("hex");

interface Reader {
  bytes: number;
  read(offset: number, length: number): Promise<Uint8Array>;
  close(): Promise<void>;
}

async function readerOf(content: InputFile["content"]): Promise<Reader> {
  if (!("path" in content)) {
    return {
      bytes: content.length,
      read: async (offset, length) => content.subarray(offset, offset + length),
      close: async () => undefined,
    };
  }
  const file = await open(content.path, "r");
  return {
    bytes: (await file.stat()).size,
    read: (offset, length) => exactly(file, offset, length),
    close: () => file.close(),
  };
}

async function exactly(file: FileHandle, offset: number, length: number): Promise<Uint8Array> {
  const buffer = Buffer.allocUnsafe(length);
  let filled = 0;
  while (filled < length) {
    const { bytesRead } = await file.read(buffer, filled, length - filled, offset + filled);
    if (bytesRead === 0) throw new Error("A file became shorter while it was read. Run it again.");
    filled += bytesRead;
  }
  return buffer;
}
