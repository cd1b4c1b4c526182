import type { S3Access } from "../contract/protocol/messages.ts";
import type { Download } from "../replicas/replica.ts";

/** `gguf`: one file, or the first of its parts. `safetensors`: a folder with config, tokenizer and weights. */
export type WeightsFormat = "gguf" | "safetensors";

export interface WeightsRequest {
  /** builtin:NAME, file:///absolute/path.gguf, hf:ORG/REPO[@REVISION][:FILE or QUANT] or s3://BUCKET/FOLDER[@PIN][:FILE or QUANT]. */
  source: string;
  /** What the runtime reads; `either` where nobody has chosen one: safetensors where there are, unless a file is named. */
  format: WeightsFormat | "either";
  /** For the hub; empty for none. */
  hf_token: string;
  /** For a store; null where none is set up. */
  s3?: S3Access | null;
  /** Ends a download at once. */
  signal: AbortSignal;
  /** Called when a download begins, and then at most once a second while its numbers change. */
  tell(download: Download): void;
}

export interface WeightsFound {
  /** A readable file on this host (of a split model the first part, with the others beside it), or a folder. */
  path: string;
  /** Of all files. */
  bytes: number;
}

export interface Weights {
  /** Throws a Refusal whose sentence names the source and what to do, or the signal's reason. */
  resolve(request: WeightsRequest): Promise<WeightsFound>;
  /** Sources of hub and S3 whose weights lie on this host. */
  sources(): readonly string[];
}
