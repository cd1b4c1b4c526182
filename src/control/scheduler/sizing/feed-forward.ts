/** The feed-forward part of a Hugging Face config: dense layers, experts, and which layers have which. */
import { count, countOrNone, type Document } from "./document.ts";
import type { FeedForward } from "./facts.ts";

/** Null when the config does not say how wide the layers are. */
export function feedForwardOf(
  config: Document,
  family: string,
  layers: number,
): FeedForward | null {
  const width = countOrNone(
    config,
    "intermediate_size_mlp",
    "intermediate_size",
    "ffn_hidden_size",
    "hidden_dim",
    "n_inner",
  );
  const experts =
    count(config, "num_experts", "n_routed_experts", "num_local_experts", "moe_num_experts") ?? 1;
  const matrices = /bert|roberta|gpt2|opt|^phi$|falcon|starcoder2|nemotron$/.test(family) ? 2 : 3;
  if (experts === 1) return width ? { width, dense_layers: layers, matrices, experts: null } : null;

  const expertWidth = countOrNone(
    config,
    "moe_intermediate_size",
    "expert_ffn_hidden_size",
    "intermediate_size",
  );
  if (!expertWidth) return null;
  const dense = denseLayers(config, layers);
  // Gemma 4 has a dense layer beside the experts in every block.
  const beside = family.startsWith("gemma4");
  return {
    width: dense > 0 || beside ? width : 0,
    dense_layers: beside ? layers : dense,
    matrices,
    experts: {
      count: experts,
      active:
        count(
          config,
          "num_experts_per_tok",
          "num_experts_per_token",
          "moe_topk",
          "top_k_experts",
        ) ?? 1,
      width: expertWidth,
      layers: layers - dense,
      shared_width: sharedWidth(config, family, expertWidth),
    },
  };
}

function sharedWidth(config: Document, family: string, expertWidth: number): number {
  const own = count(config, "shared_expert_intermediate_size");
  if (own !== undefined) return own;
  const shared = countOrNone(config, "n_shared_experts", "num_shared_experts");
  return (family.startsWith("llama4") ? 1 : shared) * expertWidth;
}

/** Layers without experts: the first ones, every other one, or those of a list. */
function denseLayers(config: Document, layers: number): number {
  const first = countOrNone(config, "first_k_dense_replace");
  const step = count(config, "interleave_moe_layer_step", "decoder_sparse_step") ?? 1;
  const listed = config["mlp_only_layers"];
  const dense =
    first + (layers - Math.floor(layers / step)) + (Array.isArray(listed) ? listed.length : 0);
  return Math.min(layers, dense);
}
