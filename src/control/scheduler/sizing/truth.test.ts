/** Measurements that others published (truth.json, each row with its source) against what sizing answers. */
import { describe, expect, test } from "bun:test";
import { factsOfConfig } from "./config.ts";
import { gib, gpuNamed } from "./gpus.ts";
import { modelFrom } from "./model.ts";
import type { Sizing } from "./plan.ts";
import { answer, type Question } from "./question.ts";
import truth from "./truth.json";

const configs: Readonly<Record<string, { config: object; kv_bytes_per_token?: number }>> =
  truth.configs;

interface Row {
  model: string;
  config: string;
  quant: string;
  gpu: string;
  gpus: number;
}

const sizingOf = (row: Row, more: Question): Sizing =>
  answer({
    model: row.model,
    config: configs[row.config]?.config,
    dtype: row.quant,
    gpu: row.gpu,
    gpus: row.gpus,
    ...more,
  });

interface Measured extends Row {
  gpu_memory_utilization?: number;
  max_model_len?: number;
  weights_gib_per_gpu?: number;
  activation_peak_gib?: number;
  kv_available_gib_per_gpu?: number;
  kv_tokens?: number;
  fits?: boolean;
}

const measured: readonly Measured[] = truth.vllm;
const title = (row: Measured): string =>
  `${row.model} on ${row.gpus} ${row.gpu}, ${row.max_model_len ?? "default"} tokens`;
const asMeasured = (row: Measured): Sizing =>
  sizingOf(row, {
    utilization: row.gpu_memory_utilization ?? 0.9,
    ...(row.max_model_len !== undefined && { context: row.max_model_len }),
  });

describe("measured vLLM", () => {
  // The launch that is logged without its utilization cannot be predicted.
  const cached = measured.filter(
    (row) => row.kv_available_gib_per_gpu !== undefined && row.gpu_memory_utilization !== undefined,
  );
  const withActivation = cached.filter((row) => row.activation_peak_gib !== undefined);
  const without = cached.filter((row) => row.activation_peak_gib === undefined);

  test.each(withActivation.map((row) => [title(row), row] as const))(
    "%s: the cache is within 0.5 GiB, the activation within 0.1",
    (_, row) => {
      const { kv_bytes_per_gpu, activation_bytes_per_gpu } = asMeasured(row);
      expect(Math.abs(kv_bytes_per_gpu / gib - Number(row.kv_available_gib_per_gpu))).toBeLessThan(
        0.5,
      );
      expect(
        Math.abs(activation_bytes_per_gpu / gib - Number(row.activation_peak_gib)),
      ).toBeLessThan(0.1);
    },
  );

  test.each(without.map((row) => [title(row), row] as const))(
    "%s: the cache is within 2.5 GiB",
    (_, row) => {
      const { kv_bytes_per_gpu } = asMeasured(row);
      expect(Math.abs(kv_bytes_per_gpu / gib - Number(row.kv_available_gib_per_gpu))).toBeLessThan(
        2.5,
      );
    },
  );

  const judged = measured.filter((row) => row.fits !== undefined);
  test.each(judged.map((row) => [title(row), row.fits, row] as const))(
    "%s: fits is %p",
    (_, fits, row) => {
      expect(asMeasured(row).verdict === "fits").toBe(fits === true);
    },
  );

  // Meta's FP8 of 405B leaves attention at 16 bits, and a config without quantization_config does not say so.
  const weighed = measured.filter(
    (row) => row.weights_gib_per_gpu !== undefined && !row.model.includes("405B"),
  );
  test.each(weighed.map((row) => [title(row), row] as const))(
    "%s: weights are within 1 %%",
    (_, row) => {
      const ratio = asMeasured(row).weights_bytes_per_gpu / gib / Number(row.weights_gib_per_gpu);
      expect(Math.abs(ratio - 1)).toBeLessThan(0.01);
    },
  );

  const counted = cached.filter((row) => row.kv_tokens !== undefined);
  test.each(counted.map((row) => [title(row), row] as const))(
    "%s: bytes of a token are those that the log implies",
    (_, row) => {
      const logged = (Number(row.kv_available_gib_per_gpu) * gib) / Number(row.kv_tokens);
      const { kv_bytes_per_token } = asMeasured(row);
      expect(Math.abs(kv_bytes_per_token / row.gpus / logged - 1)).toBeLessThan(0.02);
    },
  );
});

test("the rows cover every promise, so the tables above mean something", () => {
  expect(measured.filter((row) => row.activation_peak_gib !== undefined).length).toBeGreaterThan(7);
  expect(measured.filter((row) => row.fits === false).length).toBeGreaterThan(3);
  expect(truth.tensorrt_llm.length).toBeGreaterThan(30);
});

test.each(
  Object.entries(configs).flatMap(([name, { config, kv_bytes_per_token }]) =>
    kv_bytes_per_token === undefined ? [] : [[name, config, kv_bytes_per_token] as const],
  ),
)("%s: bytes of a token follow from its config", (model, config, expected) => {
  expect(answer({ model, config, context: 1024 }).kv_bytes_per_token).toBe(expected);
});

/** TensorRT-LLM gives the cache a fraction of what is free after the weights, so ours at full utilization predicts it. */
test.each(
  truth.tensorrt_llm.map(
    (row) =>
      [
        `${row.model} on ${row.gpus} ${row.gpu}, ${row.isl}+${row.osl} at ${row.free_gpu_memory_fraction}`,
        row,
      ] as const,
  ),
)("TensorRT-LLM, %s: the requests at once are within 7 %%", (_, row) => {
  // The benchmark lets each request grow to 1000 tokens more than it is sent and asked for.
  const sizing = sizingOf(row, { utilization: 1, context: row.isl + row.osl + 1000 });
  const room = sizing.kv_bytes_per_gpu * row.free_gpu_memory_fraction;
  const each = sizing.kv_needed_bytes_per_gpu;
  expect(Math.abs(room / each / row.max_concurrent_seqs - 1)).toBeLessThan(0.07);
});

/** gguf-parser without flash attention: an upper bound of ours, and cache plus weights a lower one. */
test.each(truth.gguf.map((row) => [`${row.model} ${row.quant} at ${row.context}`, row] as const))(
  "llama.cpp, %s: the total lies between the parser's parts and its sum",
  (_, row) => {
    const { config } = configs[row.config] ?? {};
    const sizing = answer({
      model: row.model,
      config,
      dtype: row.quant,
      context: row.context,
      gpu: "H200-141",
    });
    const extra = sizing.kv_needed_bytes_per_gpu + sizing.activation_bytes_per_gpu;
    expect(sizing.kv_needed_bytes_per_gpu / gib).toBeLessThan(row.vram_uma_gib);
    expect(extra / gib).toBeLessThan(row.vram_total_gib - row.weights_gib + 0.25);
    // By bits per weight alone, and a mixture differs from model to model.
    expect(Math.abs(sizing.weights_bytes_per_gpu / gib / row.weights_gib - 1)).toBeLessThan(0.07);
  },
);

test.each(
  truth.served.map((row) => [`${row.model} ${row.quant} on ${row.gpus} ${row.gpu}`, row] as const),
)("%s: what is served there by others is not refused", (_, row) => {
  expect(sizingOf(row, { context: 2048 }).verdict).toBe("fits");
});

test("a config gives the published number of parameters, in all and active", () => {
  const billions = (name: string): number[] => {
    const { parameters } = modelFrom({ name, config: factsOfConfig(configs[name]?.config) });
    return [parameters?.total ?? 0, parameters?.active ?? 0].map((n) => Math.round(n / 1e8) / 10);
  };
  expect(billions("deepseek-ai/DeepSeek-R1")).toEqual([671, 37.6]);
  expect(billions("Qwen/Qwen3-235B-A22B")).toEqual([235.1, 22.2]);
  expect(billions("openai/gpt-oss-120b")).toEqual([116.8, 5.7]);
  expect(billions("mistralai/Mixtral-8x7B-v0.1")).toEqual([46.7, 12.9]);
  expect(billions("Qwen/Qwen3-0.6B")).toEqual([0.6, 0.6]);
  expect(gpuNamed("H100-80").memory_bytes).toBe(Math.floor(79.18 * gib));
});
