import { type FileHandle, open } from "node:fs/promises";
import { StartError } from "../replicas/start-error.ts";

/** Bytes per block and values per block of each ggml type id (ggml.c `type_traits`, 2026). */
const types: Readonly<Record<number, readonly [bytes: number, values: number]>> = {
  0: [4, 1], // F32
  1: [2, 1], // F16
  2: [18, 32], // Q4_0
  3: [20, 32], // Q4_1
  6: [22, 32], // Q5_0
  7: [24, 32], // Q5_1
  8: [34, 32], // Q8_0
  9: [36, 32], // Q8_1
  10: [84, 256], // Q2_K
  11: [110, 256], // Q3_K
  12: [144, 256], // Q4_K
  13: [176, 256], // Q5_K
  14: [210, 256], // Q6_K
  15: [292, 256], // Q8_K
  16: [66, 256], // IQ2_XXS
  17: [74, 256], // IQ2_XS
  18: [98, 256], // IQ3_XXS
  19: [50, 256], // IQ1_S
  20: [18, 32], // IQ4_NL
  21: [110, 256], // IQ3_S
  22: [82, 256], // IQ2_S
  23: [136, 256], // IQ4_XS
  24: [1, 1], // I8
  25: [2, 1], // I16
  26: [4, 1], // I32
  27: [8, 1], // I64
  28: [8, 1], // F64
  29: [56, 256], // IQ1_M
  30: [2, 1], // BF16
  34: [54, 256], // TQ1_0
  35: [66, 256], // TQ2_0
  39: [17, 32], // MXFP4
};

/** Bytes of a metadata value by its type id; strings (8) and arrays (9) say their own length. */
const scalar_bytes: Readonly<Record<number, number>> = {
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
const string = 8;
const array = 9;
const chunk_bytes = 1024 * 1024;
/** Far above every real model; a damaged count must not keep us reading. */
const most_entries = 1_000_000;

/**
 * Reads the header of a GGUF file (ggml `docs/gguf.md`) and checks that every tensor that it lists
 * lies inside the file, so that a half-copied file is refused before a process is spent on it.
 * Returns the file's size in bytes; throws a Refusal with a sentence for a person.
 */
export async function checkGguf(path: string): Promise<number> {
  const file = await open(path, "r");
  try {
    const { size } = await file.stat();
    const fault = await faultOf(new HeaderReader(file, size), size);
    if (fault === undefined) return size;
    throw new StartError(
      "config",
      `The model file ${path} is damaged or incomplete: ${fault}. Copy or download it again.`,
    );
  } finally {
    await file.close();
  }
}

async function faultOf(reader: HeaderReader, size: number): Promise<string | undefined> {
  try {
    if ((await reader.text(4)) !== "GGUF") return "it does not begin like a GGUF file";
    const version = await reader.number(4);
    if (version !== 2 && version !== 3) return `GGUF version ${version} is not known`;
    const tensors = await reader.count();
    const entries = await reader.count();
    const alignment = await skipMetadata(reader, entries);
    const end = await lastTensorByte(reader, tensors);
    const start = Math.ceil(reader.offset / alignment) * alignment;
    if (start + end <= size) return undefined;
    return `it has ${size} bytes where its header asks for ${start + end}`;
  } catch (error) {
    if (error instanceof HeaderFault) return error.message;
    throw error;
  }
}

/** Returns the alignment of tensor data in bytes. */
async function skipMetadata(reader: HeaderReader, entries: number): Promise<number> {
  let alignment = 32;
  for (let entry = 0; entry < entries; entry++) {
    const key = await reader.text(await reader.count());
    const type = await reader.number(4);
    if (key === "general.alignment" && type === 4) alignment = await reader.number(4);
    else await skipValue(reader, type, 0);
  }
  if (alignment < 1) throw new HeaderFault("its alignment is zero");
  return alignment;
}

async function skipValue(reader: HeaderReader, type: number, depth: number): Promise<void> {
  const bytes = scalar_bytes[type];
  if (bytes !== undefined) return reader.skip(bytes);
  if (type === string) return reader.skip(await reader.length());
  if (type !== array || depth > 3) throw new HeaderFault("its metadata cannot be read");
  const of = await reader.number(4);
  const count = await reader.length();
  const each = scalar_bytes[of];
  if (each !== undefined) return reader.skip(count * each);
  for (let index = 0; index < count; index++) await skipValue(reader, of, depth + 1);
}

/** The largest offset + size of a tensor, from the start of the data. Unknown types count as empty. */
async function lastTensorByte(reader: HeaderReader, tensors: number): Promise<number> {
  let last = 0;
  for (let index = 0; index < tensors; index++) {
    await reader.skip(await reader.length());
    const dimensions = await reader.number(4);
    if (dimensions > 8) throw new HeaderFault("its list of tensors cannot be read");
    let values = 1;
    for (let axis = 0; axis < dimensions; axis++) values *= await reader.number(8);
    const [bytes, block] = types[await reader.number(4)] ?? [0, 1];
    last = Math.max(last, (await reader.number(8)) + (values / block) * bytes);
  }
  return last;
}

class HeaderFault extends Error {}

/** Little-endian reads from the front of a file through one buffer. */
class HeaderReader {
  offset = 0;
  readonly #file: FileHandle;
  readonly #size: number;
  #buffer = Buffer.alloc(0);
  #bufferAt = 0;

  constructor(file: FileHandle, size: number) {
    this.#file = file;
    this.#size = size;
  }

  async number(bytes: 4 | 8): Promise<number> {
    const at = await this.#take(bytes);
    return bytes === 4 ? this.#buffer.readUInt32LE(at) : Number(this.#buffer.readBigUInt64LE(at));
  }

  /** A number of entries or characters to read one by one. */
  async count(): Promise<number> {
    const count = await this.number(8);
    if (count > most_entries) throw new HeaderFault("its header holds impossible counts");
    return count;
  }

  /** A number of bytes or values to skip. */
  async length(): Promise<number> {
    const length = await this.number(8);
    if (length > this.#size) throw new HeaderFault("its header holds impossible lengths");
    return length;
  }

  async text(bytes: number): Promise<string> {
    const at = await this.#take(bytes);
    return this.#buffer.toString("latin1", at, at + bytes);
  }

  async skip(bytes: number): Promise<void> {
    if (this.offset + bytes > this.#size) throw new HeaderFault("it ends inside its header");
    this.offset += bytes;
  }

  /** Brings BYTES into the buffer and returns where they begin in it. */
  async #take(bytes: number): Promise<number> {
    if (this.offset + bytes > this.#size) throw new HeaderFault("it ends inside its header");
    const at = this.offset - this.#bufferAt;
    const isHeld = at >= 0 && at + bytes <= this.#buffer.length;
    if (!isHeld) await this.#refill(Math.max(bytes, chunk_bytes));
    const start = this.offset - this.#bufferAt;
    this.offset += bytes;
    return start;
  }

  async #refill(bytes: number): Promise<void> {
    const buffer = Buffer.alloc(Math.min(bytes, this.#size - this.offset));
    const { bytesRead } = await this.#file.read(buffer, 0, buffer.length, this.offset);
    this.#buffer = buffer.subarray(0, bytesRead);
    this.#bufferAt = this.offset;
  }
}
