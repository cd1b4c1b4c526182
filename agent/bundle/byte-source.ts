/** Where a bundle is read from: a file, or a pipe that is read once from its beginning to its end. */
import type { FileHandle } from "node:fs/promises";

export interface ByteSource {
  /** As many as asked for; fewer only at the end. */
  read(length: number): Promise<Uint8Array>;
  /** Passes over LENGTH bytes. False when there are not so many. */
  skip(length: number): Promise<boolean>;
}

function fileSource(file: FileHandle): ByteSource {
  let at = 0;
  return {
    async read(length) {
      const buffer = Buffer.allocUnsafe(length);
      let filled = 0;
      while (filled < length) {
        const { bytesRead } = await file.read(buffer, filled, length - filled, at + filled);
        if (bytesRead === 0) break;
        filled += bytesRead;
      }
      at += filled;
      return buffer.subarray(0, filled);
    },
    async skip(length) {
      at += length;
      return at <= (await file.stat()).size;
    },
  };
}

export function streamSource(stream: AsyncIterable<Uint8Array>): ByteSource {
  const parts = stream[Symbol.asyncIterator]();
  let left: Uint8Array = new Uint8Array(0);
  const take = async (length: number, keep: (part: Uint8Array) => void): Promise<number> => {
    let taken = 0;
    while (taken < length) {
      if (left.length === 0) {
        const { done, value } = await parts.next();
        if (done) break;
        left = value;
      }
      const part = left.subarray(0, length - taken);
      keep(part);
      left = left.subarray(part.length);
      taken += part.length;
    }
    return taken;
  };
  return {
    async read(length) {
      const buffer = Buffer.allocUnsafe(length);
      let filled = 0;
      await take(length, (part) => {
        buffer.set(part, filled);
        filled += part.length;
      });
      return buffer.subarray(0, filled);
    },
    skip: async (length) => (await take(length, () => undefined)) === length,
  };
}

/** Of an open file or pipe; "-" is standard input. */
export async function sourceOf(input: FileHandle | "-"): Promise<ByteSource> {
  if (input === "-") return streamSource(process.stdin);
  return (await input.stat()).isFile()
    ? fileSource(input)
    : streamSource(input.createReadStream({ autoClose: false }));
}
