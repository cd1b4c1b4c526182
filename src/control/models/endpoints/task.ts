/** What a task means for a runtime. Pure. */
import type { Runtime } from "../resolution/artifact.ts";

/** Hugging Face's names for the two tasks that are no generation, and what people call them. */
const flags: Readonly<Record<string, string>> = {
  "feature-extraction": "--embeddings",
  "sentence-similarity": "--embeddings",
  "sentence-embeddings": "--embeddings",
  embeddings: "--embeddings",
  "text-ranking": "--reranking",
  "sentence-ranking": "--reranking",
  rerank: "--reranking",
};

/** The arguments that make RUNTIME serve TASK: llama-server does either this or generation. Pure. */
export function taskArguments(task: string | null, runtime: Runtime): string[] {
  const flag = task === null ? undefined : flags[task.toLowerCase()];
  return runtime === "llama-server" && flag !== undefined ? [flag] : [];
}
