/** What somebody asks to have run, and what is run for it. */
import type { Model } from "../../scheduler/sizing/model.ts";

export type Runtime = "vllm" | "sglang" | "llama-server";

export interface Asked {
  /** `org/repo[:file|quant]`, `s3://bucket/folder[:file|quant]`, `file:///absolute/path` or `builtin:NAME`. */
  model: string;
  revision: string | null;
  runtime: "auto" | Runtime;
  /** Null where the appliance may choose. */
  gpu: { type: string | null; count: number | null };
  /** Tokens of one request, prompt and answer; null: as many as fit. */
  context: number | null;
  /** Requests that one replica works on at once. */
  concurrency: number;
  env: Readonly<Record<string, string>>;
  args: readonly string[];
}

/** What is run for it: fixed when it was accepted, so that every replica is the same. */
export interface Artifact {
  runtime: Runtime;
  /** As the agent's contract writes it, with the revision pinned where the hub told it. */
  source: string;
  /** Tokens of one request, decided. */
  context_tokens: number;
  /** What the weights are known to need; null when nothing says how large they are. */
  model: Model | null;
}
