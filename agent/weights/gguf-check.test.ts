import { afterAll, beforeAll, expect, test } from "bun:test";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { ggmlBlocks } from "../contract/gguf/ggml-blocks.testbed.ts";
import { checkGguf } from "./gguf-check.ts";

let folder = "";
beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), "hypervize-gguf-"));
});
afterAll(() => rmSync(folder, { recursive: true }));

const u32 = (value: number) => Buffer.from(new Uint32Array([value]).buffer);
const u64 = (value: number) => Buffer.from(new BigUint64Array([BigInt(value)]).buffer);
const text = (value: string) => Buffer.concat([u64(value.length), Buffer.from(value)]);

interface Parts {
  magic?: string;
  version?: number;
  tensors?: number;
  entries?: number;
  metadata?: Buffer[];
  /** ggml type id and number of values of the one tensor. */
  tensor?: [type: number, values: number];
  data_bytes?: number;
}

const name = Buffer.concat([text("general.name"), u32(8), text("sample")]);
const alignment = Buffer.concat([text("general.alignment"), u32(4), u32(64)]);
const tokens = Buffer.concat([
  text("tokenizer.ggml.tokens"),
  ...[u32(9), u32(8), u64(3), text("a"), text("bb"), text("")],
]);
const scores = Buffer.concat([text("scores"), u32(9), u32(6), u64(2), u32(0), u32(0)]);

/** A GGUF file of one tensor, by default whole: 256 Q4_K values take 144 bytes. */
function gguf(parts: Parts = {}): Buffer {
  const metadata = parts.metadata ?? [name, alignment, tokens, scores];
  const [type, values] = parts.tensor ?? [12, 256];
  const header = Buffer.concat([
    Buffer.from(parts.magic ?? "GGUF"),
    u32(parts.version ?? 3),
    u64(parts.tensors ?? 1),
    u64(parts.entries ?? metadata.length),
    ...metadata,
    ...[text("token_embd.weight"), u32(1), u64(values), u32(type), u64(0)],
  ]);
  const padding = Buffer.alloc((64 - (header.length % 64)) % 64);
  return Buffer.concat([header, padding, Buffer.alloc(parts.data_bytes ?? 144)]);
}

async function check(bytes: Buffer): Promise<number> {
  const path = join(folder, "model.gguf");
  writeFileSync(path, bytes);
  return checkGguf(path);
}

test("a whole file passes and tells its size", async () => {
  const whole = gguf();
  expect(await check(whole)).toBe(whole.length);
  expect(await check(gguf({ version: 2, tensor: [0, 36] }))).toBeGreaterThan(0);
});

test.each(ggmlBlocks.map(({ name, ...block }) => [name, block] as const))(
  "three blocks of %s take what ggml's own structure does: a byte less is refused",
  async (_, { id, values, bytes }) => {
    const of = (data_bytes: number) => check(gguf({ tensor: [id, 3 * values], data_bytes }));
    expect(await of(3 * bytes)).toBeGreaterThan(0);
    await expect(of(3 * bytes - 1)).rejects.toThrow("bytes where its header asks for");
  },
);

/** Bytes of a metadata value by its type id, from the list of types in ggml's `docs/gguf.md`. */
const scalars: readonly (readonly [id: number, name: string, bytes: number])[] = [
  ...[[0, "uint8", 8 / 8] as const, [1, "int8", 8 / 8] as const],
  ...[[2, "uint16", 16 / 8] as const, [3, "int16", 16 / 8] as const],
  ...[[4, "uint32", 32 / 8] as const, [5, "int32", 32 / 8] as const],
  ...[[6, "float32", 32 / 8] as const, [7, "bool", 1] as const],
  ...[[10, "uint64", 64 / 8] as const, [11, "int64", 64 / 8] as const],
  [12, "float64", 64 / 8],
];

test.each(scalars)(
  "metadata of type %i, %s, is stepped over, one by one and in arrays",
  async (id, _, bytes) => {
    // Anything else than zeros would be read as a length, or as a type that is not known.
    const value = Buffer.alloc(bytes, 0xff);
    const one = Buffer.concat([text("one"), u32(id), value]);
    const three = Buffer.concat([text("three"), u32(9), u32(id), u64(3), value, value, value]);
    const whole = gguf({ metadata: [one, three, name, alignment] });
    expect(await check(whole)).toBe(whole.length);
    await expect(check(whole.subarray(0, -1))).rejects.toThrow("bytes where its header asks for");
  },
);

test("a tensor type from the future does not stop a start", async () => {
  expect(await check(gguf({ tensor: [99, 1e9], data_bytes: 0 }))).toBeGreaterThan(0);
});

test.each<[string, Buffer, string]>([
  ["an empty file", Buffer.alloc(0), "it ends inside its header"],
  ["a web page", Buffer.from("<!doctype html><p>Not found</p>"), "does not begin like a GGUF"],
  ["a version from the future", gguf({ version: 9 }), "GGUF version 9 is not known"],
  ["a big-endian file", gguf({ version: 0x03_00_00_00 }), "GGUF version 50331648 is not known"],
  ["a file cut in its data", gguf({ data_bytes: 143 }), "bytes where its header asks for"],
  ["a file cut in its header", gguf().subarray(0, 90), "it ends inside its header"],
  ["an absurd number of entries", gguf({ entries: 1e12 }), "impossible counts"],
  ["an absurd number of tensors", gguf({ tensors: 1e12 }), "impossible counts"],
  ["more entries than there are", gguf({ entries: 6 }), "impossible counts"],
  [
    "a string longer than the file",
    gguf({ metadata: [Buffer.concat([text("k"), u32(8), u64(1e9)])] }),
    "impossible lengths",
  ],
  [
    "a value of an unknown type",
    gguf({ metadata: [Buffer.concat([text("k"), u32(77)])] }),
    "metadata cannot be read",
  ],
  [
    "arrays nested without end",
    gguf({
      metadata: [
        Buffer.concat([
          text("k"),
          u32(9),
          ...Array.from({ length: 9 }, () => [u32(9), u64(1)]).flat(),
        ]),
      ],
    }),
    "metadata cannot be read",
  ],
  [
    "an alignment of zero",
    gguf({ metadata: [Buffer.concat([text("general.alignment"), u32(4), u32(0)])] }),
    "its alignment is zero",
  ],
])("%s is refused", async (_, bytes, fault) => {
  const refused = check(bytes);
  await expect(refused).rejects.toThrow(fault);
  await expect(refused).rejects.toMatchObject({ failure_class: "config", retry: false });
  await expect(refused).rejects.toThrow("is damaged or incomplete");
});

test("no cut of a file passes or does anything but refuse", async () => {
  const whole = gguf();
  for (let length = 0; length < whole.length; length += 3) {
    await expect(check(whole.subarray(0, length))).rejects.toMatchObject({ name: "Refusal" });
  }
});
