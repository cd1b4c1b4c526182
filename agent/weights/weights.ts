import type { Download } from "../replica.ts";

export interface WeightsRequest {
  /** builtin:NAME, file:///absolute/path.gguf or hf:ORG/REPO[@REVISION][:FILE or QUANT]. */
  source: string;
  /** For the hub; empty for none. */
  hf_token: string;
  /** Ends a download at once. */
  signal: AbortSignal;
  /** Called when a download begins, and then at most once a second while its numbers change. */
  tell(download: Download): void;
}

export interface WeightsFound {
  /** A readable file on this host; of a split model the first part, with the others beside it. */
  path: string;
  /** Of all parts. */
  bytes: number;
}

export interface Weights {
  /** Throws a Refusal whose sentence names the source and what to do, or the signal's reason. */
  resolve(request: WeightsRequest): Promise<WeightsFound>;
  /** The hub's sources whose weights lie on this host. */
  sources(): readonly string[];
}
