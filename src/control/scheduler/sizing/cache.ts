/** Bytes of the KV cache, exact per kind of attention; what is not known exactly is bounded from above. */
import type { CacheGroup, ModelFacts } from "./facts.ts";

/** Keys and values are kept at 16 bits also where the weights are quantised (vLLM's `kv_cache_dtype=auto`). */
const bytes_per_value = 2;
/** vLLM hands out the cache in blocks of tokens. */
const block_tokens = 16;

/** How a model is cut over GPUs: heads (tensor parallel) or layers (llama.cpp). */
export interface Split {
  by: "heads" | "layers";
  ways: number;
}

export interface Request {
  context: number;
  /** Tokens that are prefilled at once; a sliding layer keeps them beside its window. */
  chunk: number;
}

/**
 * One copy of what a token adds while every layer keeps it. Without the small keys of sparse
 * attention, which `requestBytes` counts, and without the constant state of linear layers.
 */
export function kvBytesPerToken({ cache }: ModelFacts): number {
  return cache
    .filter(({ kind }) => kind === "full" || kind === "sliding")
    .reduce((sum, group) => sum + group.layers * layerBytes(group, 1), 0);
}

/** What one request of this context takes on each GPU. Linear layers count as if they kept every token: an upper bound. */
export function requestBytes(facts: ModelFacts, split: Split, request: Request): number {
  const whole = roundUp(request.context);
  const inWindow = Math.min(whole, roundUp(facts.window + request.chunk));
  const byHeads = split.by === "heads" ? split.ways : 1;
  const bytes = facts.cache.reduce((sum, group) => {
    const tokens = group.kind === "sliding" ? inWindow : whole;
    return sum + group.layers * layerBytes(group, byHeads) * tokens;
  }, 0);
  return split.by === "layers" ? Math.ceil(bytes * layerShare(facts, split.ways)) : bytes;
}

/** The part of a model on the GPU that gets most layers when whole layers are dealt out. */
export function layerShare({ cache }: ModelFacts, ways: number): number {
  const layers = cache
    .filter(({ kind }) => kind !== "index")
    .reduce((sum, group) => sum + group.layers, 0);
  return layers === 0 ? 1 / ways : Math.ceil(layers / ways) / layers;
}

/** With more GPUs than KV heads each GPU keeps a copy of one; MLA's latent is on every GPU whole. */
function layerBytes({ heads, width }: CacheGroup, ways: number): number {
  return bytes_per_value * width * (heads === null ? 1 : Math.max(1, Math.ceil(heads / ways)));
}

const roundUp = (tokens: number): number => Math.ceil(tokens / block_tokens) * block_tokens;
