/** Weights computed from a config's shapes, part by part, so that each part can have its own precision. */
import { count, countOrNone, type Document, isDocument } from "./document.ts";
import type { FeedForward } from "./facts.ts";
import type { Part, Precision } from "./precision.ts";

export type Parameters = Readonly<Record<Part, number>>;

export interface Shapes {
  parameters: Parameters;
  /** Of these, how many are active for one token. */
  active: number;
  /** Attention weights that every GPU of a tensor parallel group holds whole. */
  replicated: number;
  /** The dimension of the experts that a kernel may pad. */
  expert_rows: number;
}

interface Dimensions {
  family: string;
  layers: number;
  linear_layers: number;
  hidden: number;
  heads: number;
  vocab: number;
  feed_forward: FeedForward | null;
}

/** Null when the config leaves a shape out. Multi-token-prediction layers are not counted: nothing loads them by default. */
export function shapesOf(
  config: Document,
  vision: Document | undefined,
  dimensions: Dimensions,
): Shapes | null {
  const { layers, linear_layers, hidden, vocab, feed_forward } = dimensions;
  const attention = attentionLayer(config, dimensions);
  const linear = linear_layers > 0 ? linearLayer(config, hidden) : 0;
  if (feed_forward === null || linear === null) return null;
  const { experts, matrices, width, dense_layers } = feed_forward;
  const expert = experts ? matrices * hidden * experts.width : 0;
  const parameters = {
    embedding:
      vocab * hidden * (tied(config, dimensions.family) ? 1 : 2) +
      towerOf(vision, hidden, dimensions.family),
    attention: (layers - linear_layers) * attention.each + linear_layers * linear,
    dense: dense_layers * matrices * hidden * width,
    shared: experts
      ? experts.layers * hidden * (matrices * experts.shared_width + experts.count)
      : 0,
    experts: experts ? experts.layers * experts.count * expert : 0,
  };
  const idle = experts ? experts.layers * (experts.count - experts.active) * expert : 0;
  return {
    parameters,
    active: total(parameters) - idle,
    replicated: (layers - linear_layers) * attention.replicated,
    expert_rows: hidden,
  };
}

export const total = (parameters: Parameters): number =>
  Object.values(parameters).reduce((sum, part) => sum + part, 0);

/** Bytes in GPU memory: what the precision's kernels pad is included. */
export function shapeBytes({ parameters, expert_rows }: Shapes, precision: Precision): number {
  const bits = (Object.keys(parameters) as Part[]).reduce((sum, part) => {
    const pad = part === "experts" ? padding(expert_rows, precision.pad) : 1;
    return sum + parameters[part] * pad * precision.bits[part];
  }, 0);
  return Math.ceil(bits / 8);
}

/** What padding adds to weights whose bytes are known from headers. */
export function paddingBytes(shapes: Shapes, precision: Precision): number {
  return shapeBytes(shapes, precision) - shapeBytes(shapes, { ...precision, pad: 1 });
}

const padding = (rows: number, pad: number): number => (Math.ceil(rows / pad) * pad) / rows;

function attentionLayer(
  config: Document,
  { family, hidden, heads }: Dimensions,
): { each: number; replicated: number } {
  const rank = count(config, "kv_lora_rank");
  if (rank !== undefined) return latentLayer(config, hidden, heads, rank);
  const headDim = count(config, "head_dim", "kv_channels") ?? Math.ceil(hidden / heads);
  const kvHeads = count(config, "num_key_value_heads", "n_kv_heads", "n_head_kv") ?? heads;
  // Qwen3-Next and later project a gate as wide as the queries.
  const gated = /^qwen3_(next|5)/.test(family) ? 2 : 1;
  const each = hidden * headDim * ((gated + 1) * heads + 2 * kvHeads) + 2 * hidden;
  return { each, replicated: 2 * hidden };
}

/** DeepSeek V2's multi-head latent attention; the down projections are not split by tensor parallel. */
function latentLayer(config: Document, hidden: number, heads: number, rank: number) {
  const rope = countOrNone(config, "qk_rope_head_dim");
  const nope = countOrNone(config, "qk_nope_head_dim");
  const value = countOrNone(config, "v_head_dim");
  const query = count(config, "q_lora_rank");
  const selector =
    countOrNone(config, "index_head_dim") * (countOrNone(config, "index_n_heads") || 64);
  const down =
    hidden * (rank + rope) + (query ? hidden * query + query * selector : 0) + 2 * hidden;
  const up =
    (query ?? hidden) * heads * (nope + rope) +
    rank * heads * (nope + value) +
    heads * value * hidden;
  return { each: down + up, replicated: down };
}

/** Gated delta net (Qwen3-Next, Qwen3.5); null for kinds of linear attention that we do not know. */
function linearLayer(config: Document, hidden: number): number | null {
  const keys =
    countOrNone(config, "linear_num_key_heads") * countOrNone(config, "linear_key_head_dim");
  const valueHeads = countOrNone(config, "linear_num_value_heads");
  const values = valueHeads * countOrNone(config, "linear_value_head_dim");
  return keys && values ? hidden * (2 * keys + 3 * values + 2 * valueHeads) : null;
}

/** transformers ties by default, but most decoders turn it off in their own class. */
function tied(config: Document, family: string): boolean {
  const said = config["tie_word_embeddings"];
  return typeof said === "boolean"
    ? said
    : /^(gemma|cohere|command|gpt2|bloom|opt|falcon)|bert/.test(family);
}

/** A vision tower and its projector; Mistral 3 leaves its defaults (Pixtral) out of the config. */
function towerOf(vision: Document | undefined, hidden: number, family: string): number {
  const tower = vision ?? (family === "mistral3" ? pixtral : undefined);
  if (!tower) return 0;
  const depth = countOrNone(tower, "num_hidden_layers", "depth", "layers");
  const width = countOrNone(tower, "embed_dim", "hidden_size", "width");
  const inner = countOrNone(tower, "intermediate_size") || 4 * width;
  const gated =
    /pixtral/.test(String(tower["model_type"])) || tower["hidden_act"] === "silu" ? 3 : 2;
  return (
    depth * width * (4 * width + gated * inner) + hidden * (hidden + width) + 4 * width * width
  );
}

const pixtral: Document = {
  model_type: "pixtral",
  num_hidden_layers: 24,
  hidden_size: 1024,
  intermediate_size: 4096,
};

export const hasVision = (config: Document, family: string): boolean =>
  isDocument(config["vision_config"]) || family === "mistral3" || /_vl(_|$)/.test(family);
