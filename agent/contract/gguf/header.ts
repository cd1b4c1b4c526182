/** Reads the header of a GGUF file (github.com/ggml-org/ggml docs/gguf.md): its metadata, and where each tensor lies. */
import { tensorBytes } from "./tensor-bytes.ts";

export type GgufValue = number | string | boolean | readonly number[] | { length: number };

export interface GgufTensor {
  name: string;
  type: number;
  /** From the start of the data. */
  offset: number;
  /** Undefined for a type that is newer than this reader. */
  bytes: number | undefined;
}

export interface GgufHeader {
  metadata: ReadonlyMap<string, GgufValue>;
  tensors: readonly GgufTensor[];
  /** Where in the file the data of the tensors starts. */
  data_at: number;
}

/** Its message says what is wrong with the file, as a clause that begins with "it" or "its". */
export class GgufError extends Error {}

/** The bytes given end before the header does. */
export class Truncated extends GgufError {}

/** It may be newer than this reader, and good. */
export class NotKnown extends GgufError {}

const types = {
  u8: 0,
  i8: 1,
  u16: 2,
  i16: 3,
  u32: 4,
  i32: 5,
  f32: 6,
  bool: 7,
  string: 8,
  array: 9,
  u64: 10,
  i64: 11,
  f64: 12,
} as const;
const sizes: Readonly<Record<number, number>> = {
  0: 1,
  1: 1,
  2: 2,
  3: 2,
  4: 4,
  5: 4,
  6: 4,
  7: 1,
  10: 8,
  11: 8,
  12: 8,
};

/** Longer arrays are the tokenizer's; only their length matters. */
const longest_kept = 4096;
/** Far above every real model. */
const most_entries = 1_000_000;
const most_dimensions = 8;

const usual_alignment = 32;
const usual_beginning = 1024 * 1024;
const longest_header = 256 * 1024 * 1024;
const deepest_array = 4;

/**
 * BYTES: the beginning of a file of SIZE bytes. Throws Truncated when more of it is needed, and another
 * GgufError when that would not help.
 */
export function parseGguf(bytes: Uint8Array, size = Number.POSITIVE_INFINITY): GgufHeader {
  const cursor = new Cursor(bytes, size);
  if (cursor.u32() !== 0x46554747) throw new GgufError("it does not start with GGUF");
  const version = cursor.u32();
  if (version !== 2 && version !== 3) throw new NotKnown(`GGUF version ${version} is not known`);
  const counts = { tensors: cursor.count(), pairs: cursor.count() };
  const metadata = new Map<string, GgufValue>();
  for (let i = 0; i < counts.pairs; i++) {
    metadata.set(
      cursor.string(cursor.count(Number.POSITIVE_INFINITY)),
      valueAt(cursor, cursor.u32()),
    );
  }
  const tensors: GgufTensor[] = [];
  for (let i = 0; i < counts.tensors; i++) tensors.push(tensorAt(cursor));
  const said = metadata.get("general.alignment");
  const alignment = typeof said === "number" ? said : usual_alignment;
  if (alignment < 1) throw new GgufError("its alignment is zero");
  return { metadata, tensors, data_at: Math.ceil(cursor.at / alignment) * alignment };
}

/** READ gives the first LENGTH bytes of a file of SIZE bytes, fewer where it is shorter. Throws a GgufError. */
export async function readGguf(
  read: (length: number) => Promise<Uint8Array>,
  { size = Number.POSITIVE_INFINITY, first_bytes = usual_beginning } = {},
): Promise<GgufHeader> {
  // The tokenizer makes a header several MiB long, and nothing at its start says how long.
  for (let length = first_bytes; ; length *= 4) {
    const bytes = await read(length);
    try {
      return parseGguf(bytes, size);
    } catch (error) {
      const more = bytes.byteLength === length && length < longest_header;
      if (!(error instanceof Truncated && more)) throw error;
    }
  }
}

function tensorAt(cursor: Cursor): GgufTensor {
  const name = cursor.string(cursor.length());
  const dimensions = cursor.u32();
  if (dimensions > most_dimensions) {
    throw new GgufError(`its tensor ${name} has ${dimensions} dimensions`);
  }
  let weights = 1;
  for (let i = 0; i < dimensions; i++) weights *= cursor.u64();
  const type = cursor.u32();
  return { name, type, offset: cursor.u64(), bytes: tensorBytes(type, weights) };
}

function valueAt(cursor: Cursor, type: number, depth = 0): GgufValue {
  if (type === types.string) return cursor.string(cursor.length());
  if (type === types.array && depth < deepest_array) return arrayAt(cursor, depth);
  return type === types.bool ? cursor.scalar(type) !== 0 : cursor.scalar(type);
}

function arrayAt(cursor: Cursor, depth: number): GgufValue {
  const type = cursor.u32();
  const length = cursor.length();
  if (type === types.string) {
    for (let i = 0; i < length; i++) cursor.skip(cursor.length());
  } else if (type === types.array) {
    for (let i = 0; i < length; i++) valueAt(cursor, type, depth + 1);
  } else if (length > longest_kept) {
    cursor.skip(length * sizeOf(type));
  } else {
    return Array.from({ length }, () => cursor.scalar(type));
  }
  return { length };
}

function sizeOf(type: number): number {
  const size = sizes[type];
  if (size === undefined) {
    throw new NotKnown(`its metadata cannot be read: type ${type} is not known`);
  }
  return size;
}

/** A place in the bytes. It never passes their end. */
class Cursor {
  at = 0;
  readonly #view: DataView;
  readonly #size: number;

  constructor(bytes: Uint8Array, size: number) {
    this.#size = size;
    this.#view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  }

  skip(length: number): number {
    const from = this.at;
    if (from + length > this.#view.byteLength) throw new Truncated("it ends inside its header");
    this.at += length;
    return from;
  }

  u32(): number {
    return this.#view.getUint32(this.skip(4), true);
  }

  u64(): number {
    return Number(this.#view.getBigUint64(this.skip(8), true));
  }

  /** Of what is read one by one: each takes a byte at least. A damaged count must not keep us reading. */
  count(most = most_entries): number {
    const count = this.u64();
    if (count <= Math.min(most, this.#size)) return count;
    throw new GgufError(`its header holds impossible counts: it claims ${count} entries`);
  }

  /** Of what lies in the file. */
  length(): number {
    const length = this.u64();
    if (length > this.#size) throw new GgufError("its header holds impossible lengths");
    return length;
  }

  string(length: number): string {
    const from = this.skip(length);
    return new TextDecoder().decode(
      new Uint8Array(this.#view.buffer, this.#view.byteOffset + from, length),
    );
  }

  /** Integers beyond 2^53 lose precision; no field that is used here is that large. */
  scalar(type: number): number {
    const from = this.skip(sizeOf(type));
    const view = this.#view;
    switch (type) {
      case types.u16:
        return view.getUint16(from, true);
      case types.i16:
        return view.getInt16(from, true);
      case types.u32:
        return view.getUint32(from, true);
      case types.i32:
        return view.getInt32(from, true);
      case types.f32:
        return view.getFloat32(from, true);
      case types.u64:
        return Number(view.getBigUint64(from, true));
      case types.i64:
        return Number(view.getBigInt64(from, true));
      case types.f64:
        return view.getFloat64(from, true);
      case types.i8:
        return view.getInt8(from);
      default:
        return view.getUint8(from);
    }
  }
}
