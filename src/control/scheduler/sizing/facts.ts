/** What sizing knows about a model, whether it was read from a config.json, a GGUF header or a name. */

export interface ModelFacts {
  /** `model_type` of a config, `general.architecture` of a GGUF file. */
  family: string;
  hidden: number;
  /** Of the queries; tensor parallel must divide it. */
  heads: number;
  vocab: number;
  /** The longest context that the model was made for, in tokens; null when nothing says. */
  context_max: number | null;
  /** Empty for an encoder, which keeps no cache. */
  cache: readonly CacheGroup[];
  /** Tokens that a sliding layer looks back. */
  window: number;
  /** Why the cache cannot be computed exactly, as a clause; null for plain attention. */
  hybrid: string | null;
  feed_forward: FeedForward | null;
  multimodal: boolean;
}

/** Layers that keep the same kind of cache. */
export interface CacheGroup {
  /**
   * `full` keeps every token, `sliding` the window, `linear` a state of constant size (that we do
   * not compute), `index` the small keys by which sparse attention selects.
   */
  kind: "full" | "sliding" | "linear" | "index";
  layers: number;
  /** KV heads that tensor parallel divides; null for what each GPU keeps whole (MLA's latent). */
  heads: number | null;
  /** Values per token of one head, keys and values together. */
  width: number;
}

export interface FeedForward {
  /** Of a dense layer; 0 where every layer is a mixture. */
  width: number;
  dense_layers: number;
  /** 3 with a gate, 2 without. */
  matrices: 2 | 3;
  experts: Experts | null;
}

export interface Experts {
  count: number;
  active: number;
  width: number;
  layers: number;
  /** Width of what every token passes beside its experts. */
  shared_width: number;
}

/** How wide a layer is for one token: what activations grow with. */
export function activeWidth({ width, experts }: FeedForward): number {
  return Math.max(width, experts ? experts.active * experts.width + experts.shared_width : 0);
}
