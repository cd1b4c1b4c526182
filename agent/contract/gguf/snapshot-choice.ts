/** Which files of a repository make a model of safetensors: what vLLM and SGLang read of a snapshot. Pure. */

/** At the top, or in a module of a sentence-transformers model (`1_Pooling/config.json`). */
const read = /^(?:\d+_[A-Za-z]+\/)?[^/]+\.(?:safetensors|json|txt|model|jinja)$/;
const weights_pattern = /^[^/]+\.safetensors$/;
/** Mistral's own format of the same weights, beside Hugging Face's. */
const consolidated = /^consolidated[^/]*\.safetensors$/;

/** NAMES: all files of the repository, with their folders. Undefined when it has no such model. */
export function chooseSnapshot(names: readonly string[]): string[] | undefined {
  const weights = names.filter((name) => weights_pattern.test(name));
  const twice = weights.some((name) => !consolidated.test(name));
  if (weights.length === 0 || !names.includes("config.json")) return undefined;
  return names.filter((name) => read.test(name) && !(twice && consolidated.test(name))).toSorted();
}
