/** A Hugging Face config.json, as facts for sizing. Pure: reading the file is somebody else's. */
import { badRequest } from "../../../shared/failure.ts";
import { attentionOf, layersOf } from "./attention.ts";
import { count, type Document, isDocument, needed, text } from "./document.ts";
import type { ModelFacts } from "./facts.ts";
import { feedForwardOf } from "./feed-forward.ts";
import { hasVision, type Shapes, shapesOf } from "./parameters.ts";
import {
  bf16,
  knownPrecision,
  type Precision,
  precisionInConfig,
  precisionNamed,
} from "./precision.ts";

export interface ConfigFacts {
  facts: ModelFacts;
  /** Null when the config leaves a shape out. */
  shapes: Shapes | null;
  /** What the config says about its weights; null when it says nothing. */
  precision: Precision | null;
  /** What this family is published in, for a config that says nothing. */
  usual_precision: Precision;
}

/** Throws a 400 that names the field that is wrong or missing. */
export function factsOfConfig(value: unknown): ConfigFacts {
  if (!isDocument(value)) {
    throw badRequest("The config is a JSON object: a model's config.json.", "config");
  }
  // Multimodal models keep the language model's shapes one level down; older ones (Qwen2-VL) do not.
  const nested = ["text_config", "llm_config", "language_config", "thinker_config"]
    .map((name) => value[name])
    .find(isDocument);
  const stated = nested && nested["hidden_size"] !== undefined ? { ...value, ...nested } : value;
  const outer = text(value, "model_type") ?? "";
  const family = text(stated, "model_type") ?? outer;
  const config = family === "gemma3_text" ? { ...gemma3, ...stated } : stated;
  const attention = attentionOf(config, family);
  const layers = layersOf(config);
  const hidden = needed(config, "hidden_size", "dim", "n_embd", "d_model");
  const feed_forward = feedForwardOf(config, family, layers);
  const multimodal = hasVision(value, outer) || hasVision(config, family);
  const facts: ModelFacts = {
    family,
    hidden,
    heads: attention.heads,
    vocab: needed(config, "vocab_size"),
    context_max: count(config, "max_position_embeddings", "n_positions", "max_seq_len") ?? null,
    cache: attention.groups,
    window: attention.window,
    hybrid: attention.hybrid,
    feed_forward,
    multimodal,
  };
  const vision = isDocument(value["vision_config"]) ? value["vision_config"] : undefined;
  const linear_layers = attention.groups.find(({ kind }) => kind === "linear")?.layers ?? 0;
  return {
    facts,
    shapes: attention.unclear
      ? null
      : shapesOf(config, vision, {
          ...facts,
          family: outer === "mistral3" ? outer : family,
          layers,
          linear_layers,
        }),
    precision: precisionInConfig(value) ?? precisionInConfig(config) ?? statedType(config),
    usual_precision: usual(family),
  };
}

/** Gemma 3's multimodal configs leave these to their class (transformers `Gemma3TextConfig`). */
const gemma3: Document = {
  num_attention_heads: 8,
  num_key_value_heads: 4,
  head_dim: 256,
  vocab_size: 262_208,
  max_position_embeddings: 131_072,
  sliding_window: 4096,
};

function statedType(config: Document): Precision | null {
  const type = text(config, "dtype") ?? text(config, "torch_dtype");
  return (type && knownPrecision(type.replace(/^torch\./, ""))) || null;
}

/** Families that are published quantised, for a config without `quantization_config` and `torch_dtype`. */
function usual(family: string): Precision {
  if (family === "gpt_oss") return precisionNamed("mxfp4");
  return /^(deepseek_v3|deepseek_v32|deepseek_v4|kimi_k2)$/.test(family)
    ? precisionNamed("fp8")
    : bf16;
}
