/** Which files of a repository make a model of safetensors: what vLLM and SGLang read of a snapshot. */

/** At the top, or in a module of a sentence-transformers model (`1_Pooling/config.json`). */
const READ = /^(?:\d+_[A-Za-z]+\/)?[^/]+\.(?:safetensors|json|txt|model|jinja)$/;
const WEIGHTS = /^[^/]+\.safetensors$/;
/** Mistral's own format of the same weights, beside Hugging Face's. */
const CONSOLIDATED = /^consolidated[^/]*\.safetensors$/;

/** NAMES: all files of the repository, with their folders. Undefined when it has no such model. */
export function chooseSnapshot(names: readonly string[]): string[] | undefined {
  const weights = names.filter((name) => WEIGHTS.test(name));
  const twice = weights.some((name) => !CONSOLIDATED.test(name));
  if (weights.length === 0 || !names.includes("config.json")) return undefined;
  return names.filter((name) => READ.test(name) && !(twice && CONSOLIDATED.test(name))).toSorted();
}
