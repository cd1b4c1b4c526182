import { describe, expect, test } from "bun:test";
import { factsOfConfig } from "./config.ts";
import { shapeBytes, total } from "./parameters.ts";
import { bf16 } from "./precision.ts";

const llama = {
  model_type: "llama",
  num_hidden_layers: 32,
  hidden_size: 4096,
  num_attention_heads: 32,
  num_key_value_heads: 8,
  intermediate_size: 14_336,
  vocab_size: 128_256,
  max_position_embeddings: 131_072,
};
const cacheOf = (more: object) =>
  factsOfConfig({ ...llama, ...more }).facts.cache.map(
    ({ kind, layers, heads, width }) => `${layers} ${kind} ${heads} x ${width}`,
  );

describe("attention", () => {
  test("reads head_dim where it is written, and divides only where it is not", () => {
    expect(cacheOf({})).toEqual(["32 full 8 x 256"]);
    expect(cacheOf({ head_dim: 64 })).toEqual(["32 full 8 x 128"]);
    expect(cacheOf({ num_key_value_heads: undefined })).toEqual(["32 full 32 x 256"]);
  });

  test("is latent with kv_lora_rank", () => {
    expect(cacheOf({ kv_lora_rank: 512, qk_rope_head_dim: 64 })).toEqual(["32 full null x 576"]);
  });

  test("slides where the layers say so, or the family's rule does", () => {
    const layer_types = Array.from({ length: 32 }, (_, i) =>
      i % 2 ? "full_attention" : "sliding_attention",
    );
    expect(cacheOf({ layer_types, sliding_window: 128 })).toEqual([
      "16 full 8 x 256",
      "16 sliding 8 x 256",
    ]);
    expect(cacheOf({ model_type: "gemma3_text", head_dim: 128, sliding_window: 1024 })).toEqual([
      "5 full 8 x 256",
      "27 sliding 8 x 256",
    ]);
    expect(cacheOf({ sliding_window_pattern: 4, sliding_window: 1024 })[0]).toBe("8 full 8 x 256");
  });

  test("does not slide for a window that is switched off or belongs to no pattern", () => {
    const window = { sliding_window: 131_072, sliding_window_pattern: 2 };
    expect(cacheOf({ ...window, use_sliding_window: false })).toEqual(["32 full 8 x 256"]);
    expect(cacheOf({ sliding_window: 4096, model_type: "mistral" })).toEqual(["32 full 8 x 256"]);
  });

  test("of chunks counts as full, because vLLM keeps it all", () => {
    const layer_types = Array.from({ length: 32 }, () => "chunked_attention");
    expect(cacheOf({ layer_types })).toEqual(["32 full 8 x 256"]);
  });

  test("has global layers of another size in Gemma 4", () => {
    expect(
      cacheOf({
        model_type: "gemma4_text",
        head_dim: 256,
        sliding_window: 1024,
        global_head_dim: 512,
        num_global_key_value_heads: 4,
      }),
    ).toEqual(["5 full 4 x 1024", "27 sliding 8 x 512"]);
  });

  test("of hybrids is recognised by interval, list or family", () => {
    expect(cacheOf({ model_type: "qwen3_next", full_attention_interval: 4 })).toEqual([
      "8 full 8 x 256",
      "24 linear 8 x 256",
    ]);
    const linear_attn_config = { full_attn_layers: [4, 8], kda_layers: [1, 2, 3] };
    expect(cacheOf({ model_type: "kimi_linear", linear_attn_config })[0]).toBe("2 full 8 x 256");
    const unclear = factsOfConfig({
      ...llama,
      model_type: "nemotron_h",
      hybrid_override_pattern: "M-M*-",
    });
    expect(unclear.facts.hybrid).toContain("the config does not say which");
    expect(unclear.shapes).toBeNull();
    expect(factsOfConfig(llama).facts.hybrid).toBeNull();
  });
});

describe("weights", () => {
  test("are the sum of the shapes", () => {
    // 8,030,261,248 parameters, as the safetensors of Llama 3.1 8B say.
    const { shapes } = factsOfConfig(llama);
    expect(shapes && total(shapes.parameters)).toBe(8_030_257_152);
    expect(shapes && shapeBytes(shapes, bf16)).toBe(2 * 8_030_257_152);
  });

  test("count tied embeddings once", () => {
    const parts = (more: object) =>
      factsOfConfig({ ...llama, ...more }).shapes?.parameters.embedding;
    expect(parts({})).toBe(2 * 128_256 * 4096);
    expect(parts({ tie_word_embeddings: true })).toBe(128_256 * 4096);
    expect(parts({ model_type: "gemma2" })).toBe(128_256 * 4096);
  });

  test("of experts are all loaded and few active", () => {
    const { shapes } = factsOfConfig({
      ...llama,
      num_experts: 128,
      num_experts_per_tok: 8,
      moe_intermediate_size: 768,
      first_k_dense_replace: 2,
      n_shared_experts: 1,
    });
    const expert = 3 * 4096 * 768;
    expect(shapes?.parameters.experts).toBe(30 * 128 * expert);
    expect(shapes?.parameters.dense).toBe(2 * 3 * 4096 * 14_336);
    expect(shapes && total(shapes.parameters) - shapes.active).toBe(30 * 120 * expert);
  });

  test("of a multimodal model are one level down, with the tower beside them", () => {
    const { facts, shapes } = factsOfConfig({
      model_type: "mistral3",
      text_config: { ...llama, model_type: "mistral" },
      vision_config: {
        model_type: "pixtral",
        num_hidden_layers: 24,
        hidden_size: 1024,
        intermediate_size: 4096,
      },
    });
    expect([facts.multimodal, facts.heads]).toEqual([true, 32]);
    const tower = (shapes?.parameters.embedding ?? 0) - 2 * 128_256 * 4096;
    expect(tower / 1e6).toBeCloseTo(427.8, 0);
  });

  test("of Gemma 3 may leave heads and vocabulary to the family's defaults", () => {
    const { facts } = factsOfConfig({
      model_type: "gemma3",
      text_config: {
        model_type: "gemma3_text",
        hidden_size: 3840,
        intermediate_size: 15_360,
        num_hidden_layers: 48,
        num_attention_heads: 16,
        num_key_value_heads: 8,
        sliding_window: 1024,
      },
      vision_config: { hidden_size: 1152, intermediate_size: 4304, num_hidden_layers: 27 },
    });
    expect(facts.cache[0]).toEqual({ kind: "full", layers: 8, heads: 8, width: 512 });
    expect([facts.vocab, facts.window, facts.multimodal]).toEqual([262_208, 1024, true]);
  });

  test("are unknown when the config leaves a width out", () => {
    expect(factsOfConfig({ ...llama, intermediate_size: undefined }).shapes).toBeNull();
  });
});

test.each([
  ["text", "The config is a JSON object"],
  [[], "The config is a JSON object"],
  [{}, "`num_hidden_layers`"],
  [{ ...llama, num_hidden_layers: -1 }, "`num_hidden_layers` of the config is a whole number"],
  [{ ...llama, num_hidden_layers: 5000 }, "`num_hidden_layers` is at most 4096"],
  [{ ...llama, hidden_size: "4096" }, "`hidden_size` of the config is a whole number"],
  [{ ...llama, vocab_size: 1e300 }, "`vocab_size` of the config is a whole number"],
  [{ ...llama, head_dim: 0 }, "`head_dim` of the config is a whole number"],
  [{ ...llama, vocab_size: undefined }, "The config has no `vocab_size`"],
])("the config %j is refused with the field's name", (config, message) => {
  expect(() => factsOfConfig(config)).toThrow(message);
});
