/** The headers of a model's files, read by range, with a bound on all of them together. */
import { type HubAnswer, HubError } from "./hub-request.ts";
import type { ModelFiles } from "./model-files.ts";

/** Bytes FROM up to TO of a file; fewer where it ends before. Throws a HubError. */
export type ReadRange = (name: string, from: number, to: number) => Promise<Uint8Array>;

/** Of one model in all, so that no header makes us read gigabytes. */
const most_bytes = 32 * 1024 * 1024;
/** The longest that is parsed at once; the index of DeepSeek V3 has 9 MB, GGUF headers up to 16 MB. */
const most_file_bytes = 16 * 1024 * 1024;
/** Enough for the header of most shards, so that one request reads its length and itself. */
const first_bytes = 64 * 1024;

interface Beginning {
  bytes: Uint8Array;
  /** Whether the file has no more. */
  whole: boolean;
}

/** Headers are read from their start in growing pieces; no byte is asked for twice. */
class HeaderCache {
  readonly #range: ReadRange;
  readonly #sizes: ReadonlyMap<string, number | null>;
  readonly #known = new Map<string, Beginning>();
  #left = most_bytes;

  /** SIZES: by name, null where they are not known. */
  constructor(sizes: ReadonlyMap<string, number | null>, range: ReadRange) {
    this.#sizes = sizes;
    this.#range = range;
  }

  async read(name: string, offset: number, length: number): Promise<Uint8Array> {
    const size = this.#sizes.get(name) ?? Number.POSITIVE_INFINITY;
    const known = this.#known.get(name) ?? { bytes: new Uint8Array(0), whole: size === 0 };
    const end = Math.min(offset + length, size);
    if (known.whole || known.bytes.byteLength >= end) return known.bytes.subarray(offset, end);
    const until = Math.min(Math.max(end, first_bytes), size);
    const longer = await this.#extend(name, known.bytes, until, size);
    this.#known.set(name, longer);
    return longer.bytes.subarray(offset, end);
  }

  /** The bytes are taken from what is left before they are asked for: several files are read at once. */
  async #extend(name: string, known: Uint8Array, until: number, size: number): Promise<Beginning> {
    const from = known.byteLength;
    const taken = Math.min(until, from + this.#left, most_file_bytes) - from;
    // Of unknown length, it may yet end before that.
    if (taken <= 0 || (from + taken < until && Number.isFinite(size))) throw tooLong;
    this.#left -= taken;
    const more = await this.#range(name, from, from + taken);
    this.#left += taken - more.byteLength;
    if (more.byteLength === taken && from + taken < until) throw tooLong;
    return { bytes: Buffer.concat([known, more]), whole: more.byteLength < taken };
  }
}

const tooLong = new HubError("too_long", "whose headers are longer than is read for sizing");

/** The files of SIZES; names in folders can be read, but are not listed. */
export function filesOf(sizes: ReadonlyMap<string, number | null>, range: ReadRange): ModelFiles {
  const headers = new HeaderCache(sizes, range);
  return {
    names: async () => [...sizes.keys()].filter((name) => !name.includes("/")),
    read: (name, offset, length) => headers.read(name, offset, length),
  };
}

/** Bytes FROM up to TO out of an answer that may have ignored the range. */
export function rangeIn(
  { status, headers, bytes }: HubAnswer,
  from: number,
  to: number,
): Uint8Array {
  if (status !== 206) return bytes.subarray(from, to);
  const start = /^bytes (\d+)-/.exec(headers.get("content-range") ?? "")?.[1];
  if (Number(start ?? from) === from) return bytes.subarray(0, to - from);
  throw new HubError("unreachable", "which sent another range than was asked for");
}
