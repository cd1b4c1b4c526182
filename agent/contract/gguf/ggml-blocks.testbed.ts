/**
 * The block types of GGUF files from another source than our tables: what each block consists of, field by field
 * (ggml's `ggml-common.h`, which gguf-py's `GGML_QUANT_SIZES` repeats). The sums are made here, not copied.
 */

const half = 2;
const float = 4;
/** Values of a super-block. */
const k = 256;

/** Type id, name, values in a block, and the bytes of its fields in their order. */
const fields: readonly (readonly [id: number, name: string, values: number, ...bytes: number[]])[] =
  [
    [0, "F32", 1, float],
    [1, "F16", 1, half],
    [2, "Q4_0", 32, half, 32 / 2],
    [3, "Q4_1", 32, half, half, 32 / 2],
    [6, "Q5_0", 32, half, 32 / 8, 32 / 2],
    [7, "Q5_1", 32, half, half, 32 / 8, 32 / 2],
    [8, "Q8_0", 32, half, 32],
    [9, "Q8_1", 32, half, half, 32],
    [10, "Q2_K", k, k / 16, k / 4, half, half],
    [11, "Q3_K", k, k / 8, k / 4, 12, half],
    [12, "Q4_K", k, half, half, 12, k / 2],
    [13, "Q5_K", k, half, half, 12, k / 8, k / 2],
    [14, "Q6_K", k, k / 2, k / 4, k / 16, half],
    [15, "Q8_K", k, float, k, (k / 16) * 2],
    [16, "IQ2_XXS", k, half, (k / 8) * 2],
    [17, "IQ2_XS", k, half, (k / 8) * 2, k / 32],
    [18, "IQ3_XXS", k, half, (3 * k) / 8],
    [19, "IQ1_S", k, half, k / 8, (k / 32) * 2],
    [20, "IQ4_NL", 32, half, 32 / 2],
    [21, "IQ3_S", k, half, k / 4, k / 32, k / 8, k / 64],
    [22, "IQ2_S", k, half, k / 4, k / 32, k / 32],
    [23, "IQ4_XS", k, half, 2, k / 64, k / 2],
    [24, "I8", 1, 1],
    [25, "I16", 1, 2],
    [26, "I32", 1, 4],
    [27, "I64", 1, 8],
    [28, "F64", 1, 8],
    [29, "IQ1_M", k, k / 8, k / 16, k / 32],
    [30, "BF16", 1, 2],
    // Five digits of base three in a byte; what 240 of 256 leave over, four to a byte.
    [34, "TQ1_0", k, (k - (4 * k) / 64) / 5, k / 64, half],
    [35, "TQ2_0", k, k / 4, half],
    [39, "MXFP4", 32, 1, 32 / 2],
  ];

export const ggmlBlocks = fields.map(([id, name, values, ...bytes]) => ({
  id,
  name,
  values,
  bytes: bytes.reduce((sum, each) => sum + each, 0),
}));
