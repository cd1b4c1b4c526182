/** Which layers of a Hugging Face config keep which cache: GQA, MLA, sliding windows, hybrids. */
import { badRequest } from "../../../shared/failure.ts";
import { count, countOrNone, type Document, isDocument, needed, words } from "./document.ts";
import type { CacheGroup } from "./facts.ts";
import { type Kind, most_layers, pattern, windowStep } from "./layer-pattern.ts";

export interface Attention {
  groups: readonly CacheGroup[];
  window: number;
  hybrid: string | null;
  heads: number;
  /** There are layers with a state, and which ones is not known. */
  unclear: boolean;
}

export function attentionOf(config: Document, family: string): Attention {
  const layers = layersOf(config);
  const hidden = needed(config, "hidden_size", "dim", "n_embd", "d_model");
  const heads = needed(config, "num_attention_heads", "n_heads", "n_head");
  if (isEncoder(config, family))
    return { groups: [], window: 0, hybrid: null, heads, unclear: false };

  const kinds = layerKinds(config, family, layers);
  const linear = kinds.filter((kind) => kind === "linear").length;
  const kvHeads = count(config, "num_key_value_heads", "n_kv_heads", "n_head_kv") ?? heads;
  const headDim = count(config, "head_dim", "kv_channels") ?? Math.ceil(hidden / heads);
  const latent = count(config, "kv_lora_rank");

  const groups = (["full", "sliding", "linear"] as const).map((kind): CacheGroup => {
    const own = kind === "full" ? globalHeads(config) : {};
    return {
      kind,
      layers: kinds.filter((other) => other === kind).length,
      heads: latent === undefined ? (own.heads ?? kvHeads) : null,
      width:
        latent === undefined
          ? 2 * (own.headDim ?? headDim)
          : latent + countOrNone(config, "qk_rope_head_dim"),
    };
  });
  return {
    groups: [...groups, ...selector(config, layers, latent)].filter((group) => group.layers > 0),
    window: kinds.includes("sliding") ? needed(config, "sliding_window") : 0,
    hybrid: hybridReason(config, family, linear, layers),
    heads,
    unclear: linear === 0 && isMixed(config, family),
  };
}

export function layersOf(config: Document): number {
  const layers = needed(config, "num_hidden_layers", "n_layers", "n_layer", "num_layers");
  if (layers <= most_layers) return layers;
  throw badRequest(`\`num_hidden_layers\` is at most ${most_layers}.`, "config");
}

function isEncoder(config: Document, family: string): boolean {
  return (
    /bert|roberta|^t5_encoder|^electra/.test(family) ||
    config["use_bidirectional_attention"] === true
  );
}

/** Gemma 4 gives its global layers heads of another number and size. */
function globalHeads(config: Document): { heads?: number; headDim?: number } {
  const heads = count(config, "num_global_key_value_heads");
  const headDim = count(config, "global_head_dim");
  return { ...(heads && { heads }), ...(headDim && { headDim }) };
}

/** DeepSeek's sparse attention keeps 8-bit keys and a 4-byte scale per token beside the latent. */
function selector(config: Document, layers: number, latent: number | undefined): CacheGroup[] {
  const width = count(config, "index_head_dim");
  if (width === undefined || latent === undefined) return [];
  return [{ kind: "index", layers, heads: null, width: Math.ceil((width + 4) / 2) }];
}

const hybridFamily = /^(qwen3_next|qwen3_5|kimi_linear|minimax_text|olmo_hybrid)/;

/** One per layer that keeps its own cache, in order. */
function layerKinds(config: Document, family: string, layers: number): Kind[] {
  const shared = countOrNone(config, "num_kv_shared_layers");
  const own = Math.max(0, layers - shared);
  const listed = [...words(config["layer_types"]), ...words(config["layers_block_type"])];
  if (listed.length > 0) return listed.slice(0, own).map(kindOf);

  const interval = count(config, "full_attention_interval");
  if (interval) return pattern(own, interval, "linear");
  const delta = config["linear_attn_config"];
  if (isDocument(delta) && Array.isArray(delta["full_attn_layers"])) {
    const full = delta["full_attn_layers"];
    // Kimi Linear counts its layers from 1.
    return Array.from({ length: own }, (_, i) => (full.includes(i + 1) ? "full" : "linear"));
  }
  const window = count(config, "sliding_window");
  if (window === undefined || config["use_sliding_window"] === false)
    return pattern(own, 1, "full");
  const step =
    count(config, "sliding_window_pattern", "_sliding_window_pattern") ?? windowStep(family);
  // A window without a pattern (Mistral 0.1, Phi-3, a leftover in Qwen2): vLLM keeps the whole context there.
  return pattern(own, step ?? 1, "sliding");
}

/** vLLM keeps the whole context of chunked layers (Llama 4), so they count as full. */
function kindOf(word: string): Kind {
  if (/sliding/.test(word)) return "sliding";
  return /full|chunked|^attention$/.test(word) ? "full" : "linear";
}

function hybridReason(
  config: Document,
  family: string,
  linear: number,
  layers: number,
): string | null {
  if (linear > 0) {
    return `only ${layers - linear} of its ${layers} layers keep a cache that grows with the context, and the state of the others is not computed here`;
  }
  if (family.startsWith("deepseek_v4")) return "its attention keeps a compressed cache";
  if (hybridFamily.test(family) || isMixed(config, family)) {
    return "it mixes attention with layers that keep a state, and the config does not say which";
  }
  return null;
}

function isMixed(config: Document, family: string): boolean {
  const keys = Object.keys(config).some((key) => /^(mamba|ssm|attn_layer|hybrid)_/.test(key));
  return keys || /mamba|rwkv|jamba|zamba|nemotron_h/.test(family);
}
