import type { Gpu } from "./gpus.ts";
import type { Source } from "./model.ts";
export type Verdict = "fits" | "fits_smaller" | "no";

export interface SizingQuery {
  gpu: Gpu;
  /** Absent: as few as are needed. */
  gpus?: number;
  /** Tokens of one request, prompt and answer; absent: as many as the model was made for. */
  context?: number;
  /** Requests of that length at once. */
  concurrency: number;
  /** The part of the GPU that the runtime may use (vLLM's `gpu_memory_utilization`). */
  utilization: number;
}

/** Without an explanation yet. */
export type Plan = Omit<Sizing, "explanation">;

/** Weights, cache, activation and overhead add up to `memory * utilization`. All bytes are whole numbers. */
export interface Sizing {
  verdict: Verdict;
  gpu: string;
  gpus: number;
  /** GPUs that split each layer; fewer than `gpus` where the model's heads do not divide. 1 for GGUF, which is split by layers. */
  tensor_parallel: number;
  weights_bytes_per_gpu: number;
  /** One copy, at 16 bits, while every layer keeps the token. */
  kv_bytes_per_token: number;
  /** What is left for the cache, as vLLM logs it; below 0 when the rest alone is too much. */
  kv_bytes_per_gpu: number;
  /** What the asked context and concurrency need of it. */
  kv_needed_bytes_per_gpu: number;
  activation_bytes_per_gpu: number;
  /** CUDA context and communication. */
  overhead_bytes_per_gpu: number;
  context_tokens: number;
  /** The former name of `context_tokens`, kept for programs that read it. */
  context: number;
  concurrency: number;
  /** Longest context for the asked concurrency; 0 when none. */
  max_context: number;
  /** Requests of the asked context at once; 0 when not even one. */
  max_concurrency: number;
  source: Source;
  /** Of this very configuration; null where it was never started, or nobody remembers. */
  measured: Measured | null;
  explanation: string;
}

/** Of all starts of one configuration. */
export interface Measured {
  /** A GPU's name as the driver writes it; `cpu` where it ran on processors. */
  gpu: string;
  /** 0 on processors. */
  gpus: number;
  context_tokens: number;
  /** Requests at once. */
  concurrency: number;
  /** The former names of the two, kept for programs that read them. */
  context: number;
  slots: number;
  /** The most that one of its GPUs held; 0 on processors, and where the driver does not say. */
  gpu_bytes: number;
  /** The most of the host's memory. */
  memory_bytes: number;
  count: number;
  /** Of the last start, in ms since the epoch. */
  last_at: number;
  /** From the start of the process to its first token, of the last starts. */
  start_p50_ms: number;
  start_p95_ms: number;
}
