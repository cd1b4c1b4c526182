import { expect, test } from "bun:test";
import { ggmlBlocks } from "./ggml-blocks.testbed.ts";
import { tensorBytes } from "./tensor-bytes.ts";

test.each(ggmlBlocks.map(({ name, ...block }) => [name, block] as const))(
  "a tensor of %s takes what ggml's own structure does, in whole blocks",
  (_, { id, values, bytes }) => {
    expect(tensorBytes(id, values)).toBe(bytes);
    expect(tensorBytes(id, 1000 * values)).toBe(1000 * bytes);
    expect(tensorBytes(id, 1000 * values + 1)).toBe(1001 * bytes);
    expect(tensorBytes(id, 0)).toBe(0);
  },
);

test("a type that ggml has dropped, or does not have yet, has no size", () => {
  const known = new Set(ggmlBlocks.map(({ id }) => id));
  for (let id = 0; id < 64; id++) {
    if (!known.has(id)) expect([id, tensorBytes(id, 256)]).toEqual([id, undefined]);
  }
});
