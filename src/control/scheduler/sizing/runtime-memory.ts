/** What a runtime needs beside weights and cache, from measurements. Each constant names its own. */
import type { Split } from "./cache.ts";
import { activeWidth, type ModelFacts } from "./facts.ts";
import { type Gpu, gib } from "./gpus.ts";

export type Engine = "vllm" | "llama-server";

/** vLLM's defaults per GPU class (`EngineArgs.get_batch_defaults`), llama.cpp's `n_ubatch`. */
export const batchOf = (gpu: Gpu, engine: Engine): { sequences: number; tokens: number } => {
  if (engine === "llama-server") return { sequences: 1, tokens: 512 };
  return gpu.large_batches ? { sequences: 1024, tokens: 8192 } : { sequences: 256, tokens: 2048 };
};

/**
 * The sampler's dry run is the peak of text models. Fitted to five models on an H100 (docs/
 * empirical-vllm-memory-results.md in llm-d-planner), where it is within 0.02 GiB of each: Llama
 * 3.1 8B 4.76 GiB, 3.3 70B 4.84, Qwen3 0.6B 5.56, 32B 5.64, gpt-oss 7.38. So what looks like an
 * effect of experts there is the larger vocabulary. vllm#10511 logs 1.26 GiB for Llama 3 8B with
 * 256 sequences; this gives 1.24.
 */
const bytes_per_sampled_logit = 38.23;
const bytes_per_hidden_value = 2.56;

/** Mistral Small 3.2 on an H100, same source: no sampler peak was seen there. */
const multimodal_bytes = 2.12 * gib;

/**
 * One layer's gate, up and product beside three copies of the hidden state, at 16 bits. vllm#10517
 * (Llama 3.1 8B, RTX 3090): 0.92 GiB more from 20,000 to 29,000 tokens; this gives 0.93.
 */
const bytes_per_layer_value = 6;

/** Before V1, vLLM took up to this much context in one piece; small cards are sized for that still. */
const longest_unchunked = 32_768;

export interface Load {
  gpu: Gpu;
  engine: Engine;
  split: Split;
  context: number;
}

/** Peak of one forward pass per GPU, in bytes. Never shrinks when the context grows. */
export function activationBytes(facts: ModelFacts, load: Load): number {
  const { sequences, tokens } = batchOf(load.gpu, load.engine);
  if (load.engine === "llama-server") return computeBuffer(facts, tokens, load.context);
  const width = facts.feed_forward === null ? 0 : activeWidth(facts.feed_forward);
  const chunk = load.gpu.large_batches ? tokens : Math.min(load.context, longest_unchunked);
  const forward = chunk * bytes_per_layer_value * (width / load.split.ways + facts.hidden);
  if (facts.multimodal) return Math.ceil(Math.max(forward, multimodal_bytes));
  if (facts.cache.length === 0) return Math.ceil(forward);
  const sampler =
    sequences * facts.vocab * bytes_per_sampled_logit +
    tokens * facts.hidden * bytes_per_hidden_value;
  return Math.ceil(Math.max(forward, sampler));
}

/** llama.cpp with flash attention: logits of a micro-batch at 32 bits, its layer values, and the attention mask. */
function computeBuffer(facts: ModelFacts, tokens: number, context: number): number {
  const width = facts.feed_forward === null ? 0 : activeWidth(facts.feed_forward);
  return tokens * (4 * facts.vocab + 8 * (width + facts.hidden) + 4 * context);
}

/** CUDA context and NCCL, as measured with 1 and 2 GPUs (same source); each further doubling is taken to cost the same. */
export function nonTorchBytes(engine: Engine, ways: number): number {
  if (engine === "llama-server") return Math.ceil(0.5 * gib);
  return Math.ceil((0.13 + 0.42 * Math.log2(ways)) * gib);
}

/**
 * Room that an answer "fits" leaves free: CUDA graphs, which vLLM counts into its share since
 * v0.21 (up to 1.03 GiB measured, same source), and the error of this estimate (up to 0.5 GiB).
 */
export const reserve_bytes = Math.ceil(0.5 * gib);
