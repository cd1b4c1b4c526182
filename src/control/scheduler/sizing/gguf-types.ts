/** Bits per weight of a whole GGUF file, by its name. */

/** llama.cpp tools/quantize README (Llama 3.1 8B): a file mixes types, so this is more than the block's own. */
const mixtures: Readonly<Record<string, number>> = {
  IQ1_S: 2.01,
  IQ1_M: 2.15,
  IQ2_XXS: 2.39,
  IQ2_XS: 2.59,
  IQ2_S: 2.75,
  IQ2_M: 2.93,
  IQ3_XXS: 3.26,
  IQ3_XS: 3.5,
  IQ3_S: 3.67,
  IQ3_M: 3.77,
  IQ4_XS: 4.46,
  IQ4_NL: 4.69,
  Q2_K: 3.16,
  Q2_K_S: 2.97,
  Q3_K: 4.0,
  Q3_K_S: 3.65,
  Q3_K_M: 4.0,
  Q3_K_L: 4.3,
  Q4_0: 4.67,
  Q4_1: 5.13,
  Q4_K: 4.9,
  Q4_K_S: 4.67,
  Q4_K_M: 4.9,
  Q5_0: 5.6,
  Q5_1: 6.07,
  Q5_K: 5.71,
  Q5_K_S: 5.58,
  Q5_K_M: 5.71,
  Q6_K: 6.57,
  Q8_0: 8.51,
};

/** `Q4_K_M`, `UD-IQ2_XXS`, `Q4_K_XL`; undefined for a word that is none. */
export function ggufBits(word: string): { name: string; bits: number } | undefined {
  const name = word.toUpperCase().replace(/^UD-/, "");
  // Unsloth's `_XL` and `_L` keep a few tensors at more bits than the type that they are named for.
  const known = Object.hasOwn(mixtures, name) ? name : name.replace(/_X?L$/, "");
  const bits = Object.hasOwn(mixtures, known) ? mixtures[known] : undefined;
  return bits === undefined ? undefined : { name, bits };
}
