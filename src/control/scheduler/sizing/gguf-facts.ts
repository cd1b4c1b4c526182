/** The metadata of a GGUF file as facts for sizing (keys: gguf-py `constants.py`). */
import { type GgufHeader, NotKnown } from "../../../../agent/contract/gguf/header.ts";
import { badRequest } from "../../../shared/failure.ts";
import type { CacheGroup, FeedForward, ModelFacts } from "./facts.ts";
import { type Kind, most_layers, pattern, windowStep } from "./layer-pattern.ts";
import { largest_model } from "./safetensors.ts";

/** Of all tensors. Throws a NotKnown where one cannot be counted, an Error with the reason where none are so large. */
export function tensorsBytes({ tensors }: GgufHeader): number {
  let sum = 0;
  for (const { name, type, bytes } of tensors) {
    if (bytes === undefined || !Number.isSafeInteger(bytes)) {
      throw new NotKnown(`tensor ${name} has type ${type}, which is not known`);
    }
    sum += bytes;
  }
  if (sum > largest_model) throw new Error("its tensors are impossibly large");
  return sum;
}

/** Throws a 400 that names the key that is missing. */
export function factsOfGguf({ metadata }: GgufHeader): ModelFacts {
  const architecture = String(metadata.get("general.architecture") ?? "");
  const fields = new Fields(metadata, architecture);
  const layers = fields.needed("block_count", most_layers);
  const hidden = fields.needed("embedding_length", 1_000_000);
  const heads = Math.max(...fields.perLayer("attention.head_count", layers, 1));
  const stateful = [...metadata.keys()].some((key) => /\.(ssm|wkv)\./.test(key));
  const tokens = metadata.get("tokenizer.ggml.tokens");
  const listed = typeof tokens === "object" ? tokens.length : undefined;
  return {
    family: architecture,
    hidden,
    heads,
    vocab: fields.number("vocab_size") ?? listed ?? 0,
    context_max: fields.number("context_length") ?? null,
    cache: /bert/.test(architecture) ? [] : cacheOf(fields, architecture, layers, hidden / heads),
    window: fields.number("attention.sliding_window") ?? 0,
    hybrid: stateful ? "some of its layers keep a state, which is not computed here" : null,
    feed_forward: feedForwardOf(fields, layers),
    multimodal: false,
  };
}

/** Reads `ARCHITECTURE.key`. */
class Fields {
  readonly #metadata: GgufHeader["metadata"];
  readonly #architecture: string;

  constructor(metadata: GgufHeader["metadata"], architecture: string) {
    this.#metadata = metadata;
    this.#architecture = architecture;
  }

  number(key: string): number | undefined {
    const value = this.#metadata.get(`${this.#architecture}.${key}`);
    return typeof value === "number" && value > 0 ? value : undefined;
  }

  needed(key: string, most: number): number {
    const value = this.number(key);
    if (value !== undefined && Number.isInteger(value) && value <= most) return value;
    throw badRequest(`The GGUF file has no usable \`${this.#architecture}.${key}\`.`, "model");
  }

  /** A number for all layers, or a list of one per layer. */
  perLayer(key: string, layers: number, absent: number): number[] {
    const value = this.#metadata.get(`${this.#architecture}.${key}`);
    if (Array.isArray(value) && value.length > 0) return value.slice(0, layers);
    return Array.from({ length: layers }, () => this.number(key) ?? absent);
  }
}

function cacheOf(
  fields: Fields,
  architecture: string,
  layers: number,
  usual: number,
): CacheGroup[] {
  const key = fields.number("attention.key_length") ?? Math.ceil(usual);
  const value = fields.number("attention.value_length") ?? Math.ceil(usual);
  // Files converted since MLA was added keep the latent; older ones (without this key) keep all heads.
  const latent =
    fields.number("attention.key_length_mla") && fields.number("attention.kv_lora_rank");
  const width = latent ? latent + (fields.number("rope.dimension_count") ?? 0) : key + value;
  const kinds = layerKinds(fields, architecture, layers);
  const kvHeads = fields.perLayer(
    "attention.head_count_kv",
    layers,
    fields.number("attention.head_count") ?? 1,
  );
  const groups = Map.groupBy(
    kvHeads.keys(),
    (i) => `${kvHeads[i] === 0 ? "linear" : kinds[i]} ${kvHeads[i]}`,
  );
  return [...groups].map(([name, members]) => {
    const [kind, heads] = name.split(" ");
    return {
      kind: kind as Kind,
      layers: members.length,
      heads: latent ? null : Math.max(1, Number(heads)),
      width,
    };
  });
}

function layerKinds(fields: Fields, architecture: string, layers: number): Kind[] {
  const interval = fields.number("full_attention_interval");
  if (interval) return pattern(layers, interval, "linear");
  const window = fields.number("attention.sliding_window");
  const [first = 0, ...rest] = fields.perLayer("attention.sliding_window_pattern", layers, 0);
  if (window && rest.some((flag) => flag !== first)) {
    return [first, ...rest].map((flag) => (flag ? "sliding" : "full"));
  }
  return pattern(layers, (window && (first || windowStep(architecture))) || 1, "sliding");
}

function feedForwardOf(fields: Fields, layers: number): FeedForward | null {
  const [width = 0] = fields.perLayer("feed_forward_length", layers, 0);
  const count = fields.number("expert_count");
  const expertWidth = fields.number("expert_feed_forward_length") ?? width;
  if (!count) return width ? { width, dense_layers: layers, matrices: 3, experts: null } : null;
  const dense = fields.number("leading_dense_block_count") ?? 0;
  return {
    width: dense > 0 ? width : 0,
    dense_layers: dense,
    matrices: 3,
    experts: {
      count,
      active: fields.number("expert_used_count") ?? 1,
      width: expertWidth,
      layers: layers - dense,
      shared_width: (fields.number("expert_shared_count") ?? 0) * expertWidth,
    },
  };
}
