import { expect, test } from "bun:test";
import { ggufHeader, smallLlama, smallTensors } from "./gguf.testbed.ts";
import { parseGguf, readGguf, Truncated } from "./header.ts";

const whole = ggufHeader(smallLlama, smallTensors);

test("a header gives its metadata, and of each tensor its bytes", () => {
  const { metadata, tensors, data_at } = parseGguf(whole);
  expect(metadata.get("llama.block_count")).toBe(2);
  expect(tensors).toEqual([
    { name: "blk.0.attn_q.weight", type: 12, offset: 0, bytes: 256 * 144 },
    { name: "output_norm.weight", type: 0, offset: 0, bytes: 1024 },
  ]);
  expect(data_at).toBe(Math.ceil(whole.byteLength / 32) * 32);
});

test("a tensor of a type from the future has no known bytes", () => {
  const [tensor] = parseGguf(ggufHeader([], [{ name: "x", shape: [1], type: 99 }])).tensors;
  expect(tensor).toEqual({ name: "x", type: 99, offset: 0, bytes: undefined });
});

test("a header that is longer than its first bytes is read in growing pieces, and no further", async () => {
  const asked: number[] = [];
  const read = async (length: number) => {
    asked.push(length);
    return whole.subarray(0, length);
  };
  expect(await readGguf(read, { first_bytes: 100 })).toEqual(parseGguf(whole));
  expect(asked).toEqual([100, 400, 1600]);
  const cut = async (length: number) => whole.subarray(0, Math.min(length, 300));
  await expect(readGguf(cut, { first_bytes: 100 })).rejects.toThrow(Truncated);
});

test("a header cut anywhere asks for more, and never answers", () => {
  for (let length = 0; length < whole.byteLength; length++) {
    expect(() => parseGguf(whole.subarray(0, length))).toThrow(Truncated);
  }
});

test.each([
  [
    "other magic",
    Buffer.concat([Buffer.from("GGML"), whole.subarray(4)]),
    "does not start with GGUF",
  ],
  ["an unknown version", ggufHeader(smallLlama, [], 9), "version 9"],
  [
    "too many dimensions",
    ggufHeader([], [{ name: "x", shape: Array(9).fill(1), type: 0 }]),
    "9 dimensions",
  ],
])("a header with %s is refused", (_, bytes, message) => {
  expect(() => parseGguf(bytes)).toThrow(message);
});

test("a header that claims too many entries is refused before they are read", () => {
  const bytes = Buffer.from(whole);
  bytes.writeBigUInt64LE(2n ** 60n, 8);
  expect(() => parseGguf(bytes)).toThrow("entries");
});
