import { createHash, type Hash } from "node:crypto";
import { readFile, stat } from "node:fs/promises";

/**
 * How a digest is made: SHA-256, git's SHA-1 of a blob (git hash-object), MD5, or S3's MD5 of the MD5s of
 * parts of so many bytes. `none`: the name says nothing of the content.
 */
export type DigestKind = "sha256" | "git" | "md5" | `parts ${number}` | "none";

/** `partsDigest` is the only one with its own form; the others are recognised by their length. */
export function kindOf(digest: string): DigestKind {
  const part_bytes = parts.exec(digest)?.[1];
  if (part_bytes !== undefined) return `parts ${Number(part_bytes)}`;
  return hex.test(digest) ? (kinds[digest.length] ?? "none") : "none";
}

const hex = /^[0-9a-f]+$/;
const parts = /^[0-9a-f]{32}-\d+-(\d+)$/;
const kinds: Readonly<Record<number, DigestKind>> = { 32: "md5", 40: "git", 64: "sha256" };

/** ETAG is S3's, of an upload in parts. */
export const partsDigest = (etag: string, part_bytes: number): string => `${etag}-${part_bytes}`;

/**
 * Runs in a separate thread, in a compiled program too, where a thread cannot be a file. It reads what
 * the system has just written and still has in memory, so nothing is copied between threads.
 */
const thread = `
const { createHash } = require("node:crypto");
const { openSync, readSync, closeSync, constants: { O_RDONLY, O_DIRECT } } = require("node:fs");
// Large enough to be aligned as O_DIRECT wants it.
const buffer = Buffer.from(new ArrayBuffer(1024 * 1024));
let file, hash, at;
function hashOf(kind, bytes) {
  if (kind.startsWith("parts ")) return ofParts(Number(kind.slice(6)));
  return kind === "git" ? createHash("sha1").update("blob " + bytes + "\\0") : createHash(kind);
}
function ofParts(size) {
  const all = createHash("md5");
  let part = createHash("md5"), left = size, count = 0;
  const close = () => {
    all.update(part.digest());
    part = createHash("md5");
    left = size;
    count += 1;
  };
  return {
    update(bytes) {
      for (let rest = bytes; rest.length > 0; ) {
        const piece = rest.subarray(0, left);
        part.update(piece);
        left -= piece.length;
        rest = rest.subarray(piece.length);
        if (left === 0) close();
      }
    },
    digest(form) {
      if (left < size) close();
      return all.digest(form) + "-" + count + "-" + size;
    },
  };
}
function opened(path, from_disk) {
  if (!from_disk) return openSync(path, "r");
  try {
    const direct = openSync(path, O_RDONLY | O_DIRECT);
    try {
      readSync(direct, buffer, 0, buffer.length, 0);
      return direct;
    } catch (error) {
      closeSync(direct);
      throw error;
    }
  } catch (error) {
    if (error.code !== "EINVAL") throw error;
    // Not every file system can.
    return openSync(path, "r");
  }
}
function follow({ path, kind, bytes, from_disk, to, end }) {
  if (path !== undefined) {
    file = opened(path, from_disk);
    at = 0;
    hash = hashOf(kind, bytes);
  }
  while (at < to) {
    // O_DIRECT takes whole blocks only.
    const count = Math.min(readSync(file, buffer, 0, buffer.length, at), to - at);
    if (count === 0) throw new Error("The file has become shorter.");
    hash.update(buffer.subarray(0, count));
    at += count;
  }
  if (!end) return;
  closeSync(file);
  postMessage({ digest: hash.digest("hex") });
}
onmessage = ({ data }) => {
  try {
    follow(data);
  } catch (error) {
    postMessage({ error: error.message });
  }
};
`;

/** The checksum of a file that grows: it counts what lies in the file, not what was meant to. */
export interface FileHash {
  /** So many bytes are written. */
  upTo(bytes: number): void;
  /** In hex, of the first BYTES. Rejects when they cannot be read. */
  digest(bytes: number): Promise<string>;
  end(): void;
}

/** A thread costs milliseconds and megabytes, so smaller files are read at the end. */
const small_bytes = 2 * 1024 * 1024;

/** PATH exists; BYTES is what the whole file will have. */
export function fileHash(path: string, kind: DigestKind, bytes: number): FileHash {
  if (kind === "none") return unhashed;
  if (bytes >= small_bytes || kind.startsWith("parts ")) return new HashThread(path, kind, bytes);
  return {
    upTo: () => undefined,
    async digest(so_many) {
      const hash = newHash(kind, bytes);
      return hash.update((await readFile(path)).subarray(0, so_many)).digest("hex");
    },
    end: () => undefined,
  };
}

const unhashed: FileHash = {
  upTo: () => undefined,
  digest: async () => "",
  end: () => undefined,
};

/**
 * Of what the disk holds, as far as its file system lets that be read: the system's memory is passed by, which
 * may have what the disk has lost, and which is not filled with what nobody needs. BYTES in `upTo` are whole
 * pieces of `disk_piece_bytes`, but for the last.
 */
export const diskHash = (path: string, kind: DigestKind, bytes: number): FileHash =>
  new HashThread(path, kind, bytes, true);

export const disk_piece_bytes = 1024 * 1024;

/** Of a file that does not change. */
export async function digestOf(path: string, kind: DigestKind): Promise<string> {
  const { size } = await stat(path);
  return fileHash(path, kind, size).digest(size);
}

const newHash = (kind: DigestKind, bytes: number): Hash =>
  kind === "git" ? createHash("sha1").update(`blob ${bytes}\0`) : createHash(kind);

class HashThread implements FileHash {
  readonly #worker = new Worker(
    URL.createObjectURL(new Blob([thread], { type: "text/javascript" })),
  );
  readonly #answer = Promise.withResolvers<string>();

  constructor(path: string, kind: DigestKind, bytes: number, from_disk = false) {
    this.#answer.promise.catch(() => undefined);
    this.#worker.onmessage = ({ data }) => {
      if ("digest" in data) this.#answer.resolve(data.digest);
      else this.#answer.reject(new Error(`${path} cannot be read back: ${data.error}`));
    };
    this.#worker.onerror = ({ message }) => this.#answer.reject(new Error(message));
    this.#worker.postMessage({ path, kind, bytes, from_disk, to: 0 });
  }

  upTo(bytes: number): void {
    this.#worker.postMessage({ to: bytes });
  }

  async digest(bytes: number): Promise<string> {
    this.#worker.postMessage({ to: bytes, end: true });
    return this.#answer.promise.finally(() => this.end());
  }

  end(): void {
    this.#worker.terminate();
  }
}
