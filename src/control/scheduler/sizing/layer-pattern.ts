/** Which layers of a stack keep what, where a config or a GGUF header gives only a rule. */

export type Kind = "full" | "sliding" | "linear";

/** Far above any model. Each layer is an entry in memory here, so a file must not claim too many. */
export const most_layers = 4096;

/** Every STEP-th layer is full, the others are of the kind given. */
export const pattern = (layers: number, step: number, others: Kind): Kind[] =>
  Array.from({ length: layers }, (_, i) => ((i + 1) % step === 0 ? "full" : others));

/** The step by `model_type` or GGUF architecture, where transformers and llama.cpp have it in code, not in the file. */
const windowSteps: Readonly<Record<string, number>> = {
  gpt_oss: 2,
  gemma2: 2,
  gemma3: 6,
  gemma3n: 5,
  gemma4: 6,
  cohere2: 4,
};

/** Undefined for a family that does not mix windows with full layers. */
export function windowStep(family: string): number | undefined {
  const name = family.replaceAll("-", "_").replace(/_text$/, "");
  return Object.hasOwn(windowSteps, name) ? windowSteps[name] : undefined;
}
