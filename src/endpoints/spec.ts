/** What somebody asked for: the checked body of a provision. Field names are those of the API. */
import type { Model } from "../sizing/model.ts";

export type Runtime = "vllm" | "sglang" | "llama-server";
export type Visibility = "private" | "team" | "public";

export interface EndpointSpec {
  /** `org/repo[:file|quant]`, `s3://bucket/folder[:file|quant]`, `file:///absolute/path` or `builtin:NAME`. */
  model: string;
  revision: string | null;
  /** As Hugging Face names it (`text-generation`); kept for people, decides nothing. */
  task: string | null;
  runtime: "auto" | Runtime;
  /** Null where the appliance may choose. */
  gpu: { type: string | null; count: number | null };
  /** Tokens of one request, prompt and answer; null: as many as fit. */
  context: number | null;
  /** Requests that one replica works on at once. */
  concurrency: number;
  min_replicas: number;
  max_replicas: number;
  /** Null never sleeps. Without `min_replicas: 0` it has no effect. */
  idle_timeout_s: number | null;
  /** What a request to a sleeping endpoint does when it does not say: wait, or fail at once. */
  cold_start: "hold" | "fail";
  /** A host must carry every one of them. */
  labels: Readonly<Record<string, string>>;
  env: Readonly<Record<string, string>>;
  args: readonly string[];
  visibility: Visibility;
}

/** What is run for a spec: fixed when it was accepted, so that every replica of a revision is the same. */
export interface Artifact {
  runtime: Runtime;
  /** As the agent's contract writes it, with the revision pinned where the hub told it. */
  source: string;
  /** Tokens of one request, decided. */
  context_tokens: number;
  /** What the weights are known to need; null when nothing says how large they are. */
  model: Model | null;
}
