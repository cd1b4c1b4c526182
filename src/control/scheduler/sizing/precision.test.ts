import { expect, test } from "bun:test";
import { precisionInConfig, precisionInName, precisionNamed } from "./precision.ts";

test.each([
  ["Qwen/Qwen3-8B-AWQ", "awq", 4.16],
  ["RedHatAI/Llama-3.3-70B-Instruct-FP8-dynamic", "fp8", 8],
  ["Qwen/Qwen2.5-7B-Instruct-GPTQ-Int8", "int8", 8],
  ["unsloth/Qwen3-8B-bnb-4bit", "bnb4", 4.5],
  ["nvidia/DeepSeek-R1-NVFP4", "nvfp4", 4.5],
  ["bartowski/Llama-3.1-8B-GGUF:Q5_K_S", "Q5_K_S", 5.58],
  ["DeepSeek-R1-UD-IQ2_XXS.gguf", "IQ2_XXS", 2.39],
  ["unsloth/Qwen3-8B-GGUF:UD-Q4_K_XL", "Q4_K_XL", 4.9],
  ["bartowski/Llama-3.1-8B-GGUF", "Q4_K_M", 4.9],
])("the name %s says %s", (name, expected, bits) => {
  const precision = precisionInName(name);
  expect(precision?.name).toBe(expected);
  expect(precision?.bits.dense).toBeCloseTo(bits, 2);
});

test.each(["meta-llama/Llama-3.1-8B", "org/model-fp80", "Q4_ZZ", ""])(
  "the name %j says nothing",
  (name) => {
    expect(precisionInName(name)).toBeUndefined();
  },
);

test("a quantised file needs llama-server, everything else vLLM", () => {
  expect([precisionNamed("q4_k_m").engine, precisionNamed("FP8").engine]).toEqual([
    "llama-server",
    "vllm",
  ]);
});

test.each(["fp7", "constructor", "", "Q9_K"])("the dtype %j is refused with a list", (word) => {
  expect(() => precisionNamed(word)).toThrow(/^`dtype` is one of: fp32, bf16, .*Q4_K_M\.$/);
});

const bitsOf = (quantization_config: object) => precisionInConfig({ quantization_config })?.bits;

test("a config says its method, bits and group", () => {
  expect(bitsOf({ quant_method: "fp8" })).toMatchObject({ dense: 8, embedding: 16 });
  expect(bitsOf({ quant_method: "gptq", bits: 8, group_size: 128 })?.dense).toBeCloseTo(8.19, 2);
  expect(bitsOf({ quant_method: "awq", bits: 4, group_size: 32 })?.dense).toBeCloseTo(4.63, 2);
  expect(bitsOf({ quant_method: "bitsandbytes", load_in_8bit: true })?.dense).toBe(8);
  expect(bitsOf({ quant_method: "mxfp4" })).toMatchObject({ experts: 4.25, attention: 16 });
});

test("compressed-tensors says it in its groups, and what it left alone in `ignore`", () => {
  const weights = { num_bits: 4, type: "int", group_size: 32 };
  const ignore = [
    "lm_head",
    "re:.*self_attn.*",
    "re:.*shared_experts.*",
    "re:.*mlp\\.(gate|up|down)_proj.*",
  ];
  const bits = bitsOf({
    quant_method: "compressed-tensors",
    config_groups: { group_0: { weights } },
    ignore,
  });
  expect(bits?.experts).toBeCloseTo(4.63, 2);
  expect(bits).toMatchObject({ attention: 16, shared: 16, dense: 16, embedding: 16 });
});

test("a router or a vision tower that was left alone changes nothing", () => {
  const modules_to_not_convert = ["model.layers.0.mlp.gate", "visual.blocks.0.attn.qkv", "lm_head"];
  expect(bitsOf({ quant_method: "fp8", modules_to_not_convert })).toMatchObject({
    attention: 8,
    dense: 8,
  });
});

test.each([undefined, null, "fp8", {}, { quant_method: "rot13" }])(
  "quantization_config %j says nothing or the least harmful",
  (value) => {
    const precision = precisionInConfig({ quantization_config: value });
    expect(precision === undefined || precision.bits.dense >= 8).toBe(true);
  },
);
