/** Reads the header of a GGUF file (github.com/ggml-org/ggml docs/gguf.md): metadata, and the sum of its tensors. */
import { tensorBytes } from "./gguf-types.ts";
import { largest_model } from "./safetensors.ts";

export type GgufValue = number | string | boolean | readonly number[] | { length: number };

export interface GgufHeader {
  metadata: ReadonlyMap<string, GgufValue>;
  tensors_bytes: number;
}

/** The bytes given end before the header does. */
export class Truncated extends Error {}

/** It may be newer than this reader, and good. */
export class NotKnown extends Error {}

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
const most_entries = 1_000_000;
const most_dimensions = 8;

/** Throws Truncated when more bytes are needed, and another Error with the reason when they would not help. */
export function parseGguf(bytes: Uint8Array): GgufHeader {
  const cursor = new Cursor(bytes);
  if (cursor.u32() !== 0x46554747) throw new Error("it does not start with GGUF");
  const version = cursor.u32();
  if (version !== 2 && version !== 3) throw new NotKnown(`GGUF version ${version} is not known`);
  const tensors = cursor.entries();
  const pairs = cursor.entries();
  const metadata = new Map<string, GgufValue>();
  for (let i = 0; i < pairs; i++) metadata.set(cursor.string(), valueAt(cursor, cursor.u32()));
  let tensors_bytes = 0;
  for (let i = 0; i < tensors; i++) tensors_bytes += tensorAt(cursor);
  if (tensors_bytes > largest_model) throw new Error("its tensors are impossibly large");
  return { metadata, tensors_bytes };
}

function tensorAt(cursor: Cursor): number {
  const name = cursor.string();
  const dimensions = cursor.u32();
  if (dimensions > most_dimensions) throw new Error(`tensor ${name} has ${dimensions} dimensions`);
  let weights = 1;
  for (let i = 0; i < dimensions; i++) weights *= cursor.u64();
  const type = cursor.u32();
  cursor.u64();
  const bytes = tensorBytes(type, weights);
  if (bytes === undefined || !Number.isSafeInteger(bytes)) {
    throw new NotKnown(`tensor ${name} has type ${type}, which is not known`);
  }
  return bytes;
}

function valueAt(cursor: Cursor, type: number): GgufValue {
  if (type === types.string) return cursor.string();
  if (type === types.array) return arrayAt(cursor);
  return type === types.bool ? cursor.scalar(type) !== 0 : cursor.scalar(type);
}

function arrayAt(cursor: Cursor): GgufValue {
  const type = cursor.u32();
  const length = cursor.u64();
  if (type === types.string) {
    for (let i = 0; i < length; i++) cursor.skip(cursor.u64());
    return { length };
  }
  if (length > longest_kept) {
    cursor.skip(length * sizeOf(type));
    return { length };
  }
  return Array.from({ length }, () => cursor.scalar(type));
}

function sizeOf(type: number): number {
  const size = sizes[type];
  if (size === undefined) throw new NotKnown(`metadata type ${type} is not known`);
  return size;
}

/** A place in the bytes. It never passes their end. */
class Cursor {
  readonly #view: DataView;
  #at = 0;

  constructor(bytes: Uint8Array) {
    this.#view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  }

  skip(length: number): number {
    const from = this.#at;
    if (from + length > this.#view.byteLength) throw new Truncated("the header is cut off");
    this.#at += length;
    return from;
  }

  u32(): number {
    return this.#view.getUint32(this.skip(4), true);
  }

  u64(): number {
    return Number(this.#view.getBigUint64(this.skip(8), true));
  }

  entries(): number {
    const count = this.u64();
    if (count > most_entries) throw new Error(`it claims ${count} entries`);
    return count;
  }

  string(): string {
    const length = this.u64();
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
