/** Writes the header of a GGUF file as docs/gguf.md of ggml lays it out, without tensor data. */

export type Pair = readonly [
  key: string,
  value: string | number | readonly number[] | readonly string[],
];
export interface Tensor {
  name: string;
  shape: readonly number[];
  type: number;
}

export function ggufHeader(
  pairs: readonly Pair[],
  tensors: readonly Tensor[],
  version = 3,
): Uint8Array {
  return Buffer.concat([
    Buffer.from("GGUF"),
    u32(version),
    u64(tensors.length),
    u64(pairs.length),
    ...pairs.flatMap(([key, value]) => [text(key), ...pairValue(value)]),
    ...tensors.flatMap(({ name, shape, type }) => [
      text(name),
      u32(shape.length),
      ...shape.map(u64),
      u32(type),
      u64(0),
    ]),
  ]);
}

function pairValue(value: Pair[1]): Buffer[] {
  if (typeof value === "string") return [u32(8), text(value)];
  if (typeof value === "number") return [u32(4), u32(value)];
  const texts = value.some((item) => typeof item === "string");
  const items = value.map((item) => (typeof item === "string" ? text(item) : u32(item)));
  return [u32(9), u32(texts ? 8 : 4), u64(value.length), ...items];
}

const u32 = (value: number): Buffer => {
  const bytes = Buffer.alloc(4);
  bytes.writeUInt32LE(value);
  return bytes;
};
const u64 = (value: number): Buffer => {
  const bytes = Buffer.alloc(8);
  bytes.writeBigUInt64LE(BigInt(value));
  return bytes;
};
const text = (value: string): Buffer =>
  Buffer.concat([u64(Buffer.byteLength(value)), Buffer.from(value)]);

/** Two layers of a small llama with three tokens. */
export const smallLlama: readonly Pair[] = [
  ["general.architecture", "llama"],
  ["llama.block_count", 2],
  ["llama.embedding_length", 256],
  ["llama.attention.head_count", 8],
  ["llama.attention.head_count_kv", 4],
  ["llama.feed_forward_length", 512],
  ["llama.context_length", 8192],
  ["tokenizer.ggml.tokens", ["a", "b", "c"]],
];

/** 65,536 weights as Q4_K (144 bytes per 256) and 256 as F32. */
export const smallTensors: readonly Tensor[] = [
  { name: "blk.0.attn_q.weight", shape: [256, 256], type: 12 },
  { name: "output_norm.weight", shape: [256], type: 0 },
];
export const small_tensors_bytes = 256 * 144 + 1024;
