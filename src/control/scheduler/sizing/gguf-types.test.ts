import { expect, test } from "bun:test";
import { ggmlBlocks } from "../../../../agent/contract/gguf/ggml-blocks.testbed.ts";
import { ggufBits } from "./gguf-types.ts";

/** Bits per weight of a block; IQ2_M and IQ3_XS mix two types and are named for neither. */
const blockBits = new Map(
  ggmlBlocks.map(({ name, values, bytes }) => [name, (8 * bytes) / values] as const),
);

test.each([
  ..."IQ1_S IQ1_M IQ2_XXS IQ2_XS IQ2_S IQ3_XXS IQ3_S IQ4_XS IQ4_NL".split(" "),
  ..."Q2_K Q2_K_S Q3_K Q3_K_S Q3_K_M Q3_K_L Q4_0 Q4_1 Q4_K Q4_K_S Q4_K_M".split(" "),
  ..."Q5_0 Q5_1 Q5_K Q5_K_S Q5_K_M Q6_K Q8_0".split(" "),
])("a file of %s has a little more than its block's bits: some tensors keep more", (name) => {
  const own = blockBits.get(name) ?? blockBits.get(name.replace(/_[SML]$/, "")) ?? Number.NaN;
  const bits = ggufBits(name)?.bits ?? 0;
  expect(bits).toBeGreaterThanOrEqual(own);
  expect(bits).toBeLessThan(own + 0.9);
});

test("a mixture of two types lies between them, and a larger one above a smaller", () => {
  const ladder = "IQ1_S IQ1_M IQ2_XXS IQ2_XS IQ2_S IQ2_M IQ3_XXS IQ3_XS IQ3_S IQ3_M IQ4_XS IQ4_NL";
  const bits = ladder.split(" ").map((name) => ggufBits(name)?.bits ?? 0);
  expect(bits).toEqual(bits.toSorted((a, b) => a - b));
  expect(new Set(bits).size).toBe(bits.length);
});
