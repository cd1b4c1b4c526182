import { describe, expect, test } from "bun:test";
import { factsOfConfig } from "./config.ts";
import { gib, gpuNamed } from "./gpus.ts";
import { type Model, modelFrom } from "./model.ts";
import type { Sizing, SizingQuery } from "./plan.ts";
import { size } from "./size.ts";
import truth from "./truth.json";

const configs: Readonly<Record<string, { config: object }>> = truth.configs;
const named = (name: string, dtype?: string): Model =>
  modelFrom({
    name,
    config: factsOfConfig(configs[name]?.config),
    ...(dtype !== undefined && { dtype }),
  });
const on = (gpu: string, more: Partial<SizingQuery> = {}): SizingQuery => ({
  gpu: gpuNamed(gpu),
  concurrency: 1,
  utilization: 0.9,
  ...more,
});

/** A linear congruential generator: the same questions in every run. */
function questions(count: number): [string, Model, SizingQuery][] {
  let state = 42;
  const below = (n: number): number => {
    state = (state * 1_664_525 + 1_013_904_223) % 2 ** 32;
    return Math.floor((state / 2 ** 32) * n);
  };
  const pick = <T>(all: readonly [T, ...T[]]): T => all[below(all.length)] ?? all[0];
  const names = Object.keys(configs) as [string, ...string[]];
  return Array.from({ length: count }, () => {
    const name = pick(names);
    const model = named(name, pick([undefined, "bf16", "fp8", "awq", "Q4_K_M"]));
    const ask = on(pick(["T4-16", "L4-24", "RTX4090-24", "A100-80", "H100-80", "B200-180"]), {
      gpus: 1 + below(16),
      context: 1 + below(200_000),
      concurrency: 1 + below(40),
      utilization: 0.5 + below(50) / 100,
    });
    return [name, model, ask];
  });
}

const rank = { no: 0, fits_smaller: 1, fits: 2 };
const asked = questions(300);
const every = (check: (model: Model, ask: SizingQuery, sizing: Sizing) => void): void => {
  for (const [, model, ask] of asked) check(model, ask, size(model, ask));
};

describe("for any model, GPU and question", () => {
  test("the parts add up to what the runtime may use, in whole bytes", () => {
    every((_, ask, sizing) => {
      const parts = [
        sizing.weights_bytes_per_gpu,
        sizing.kv_bytes_per_gpu,
        sizing.activation_bytes_per_gpu,
        sizing.overhead_bytes_per_gpu,
      ];
      expect(parts.every(Number.isSafeInteger)).toBe(true);
      expect(parts.reduce((sum, part) => sum + part, 0)).toBe(
        Math.floor(ask.gpu.memory_bytes * ask.utilization),
      );
    });
  });

  test("more context or more requests never need less and never fit better", () => {
    every((model, ask, small) => {
      for (const more of [
        { context: (ask.context ?? 1) * 2 },
        { concurrency: ask.concurrency + 1 },
      ]) {
        const large = size(model, { ...ask, ...more });
        if (large.tensor_parallel === small.tensor_parallel) {
          expect(large.kv_needed_bytes_per_gpu).toBeGreaterThanOrEqual(
            small.kv_needed_bytes_per_gpu,
          );
          expect(large.kv_bytes_per_gpu).toBeLessThanOrEqual(small.kv_bytes_per_gpu);
        }
        expect(rank[large.verdict] === 2 && rank[small.verdict] < 2).toBe(false);
        expect(large.max_concurrency).toBeLessThanOrEqual(small.max_concurrency);
      }
    });
  });

  test("more GPUs or a larger part of them never hold fewer tokens or requests", () => {
    every((model, ask, small) => {
      const utilization = Math.min(1, ask.utilization + 0.05);
      for (const more of [
        { gpus: (ask.gpus ?? 1) + 1 },
        { gpus: 2 * (ask.gpus ?? 1) },
        { utilization },
      ]) {
        const large = size(model, { ...ask, ...more });
        expect(rank[large.verdict]).toBeGreaterThanOrEqual(rank[small.verdict]);
        expect(large.max_context).toBeGreaterThanOrEqual(small.max_context);
        expect(large.max_concurrency).toBeGreaterThanOrEqual(small.max_concurrency);
      }
    });
  });

  test("the context and the requests that are offered do fit, and one more does not", () => {
    every((model, ask, sizing) => {
      const { max_context, max_concurrency, tensor_parallel } = sizing;
      const fits = (more: Partial<SizingQuery>): boolean =>
        size(model, { ...ask, ...more }).verdict === "fits";
      if (max_context > 0) expect(fits({ context: max_context })).toBe(true);
      if (sizing.verdict === "fits" && model.facts.cache.length > 0) {
        expect(fits({ concurrency: max_concurrency })).toBe(true);
        expect(fits({ concurrency: max_concurrency + 1 }) && tensor_parallel === ask.gpus).toBe(
          false,
        );
      }
    });
  });

  test("without a number of GPUs, one less would not do", () => {
    every((model, { gpus: _, ...ask }) => {
      const { verdict, gpus } = size(model, ask);
      if (verdict === "fits" && gpus > 1 && gpus <= 8) {
        expect(size(model, { ...ask, gpus: gpus - 1 }).verdict).not.toBe("fits");
      }
    });
  });
});

describe("tensor parallel", () => {
  test("divides heads and KV heads, and other GPUs stay idle", () => {
    // 40 heads, 10 KV heads: 4 would cut KV heads in pieces.
    const sizing = size(named("microsoft/phi-4"), on("H100-80", { gpus: 4 }));
    expect([sizing.gpus, sizing.tensor_parallel]).toEqual([4, 2]);
    expect(sizing.explanation).toContain("2 would stay idle");
  });

  test("keeps one KV head per GPU at least, so 16 GPUs hold no smaller part than 8", () => {
    const on405B = (gpus: number): Sizing =>
      size(named("meta-llama/Meta-Llama-3.1-405B"), on("H100-80", { gpus, context: 16_384 }));
    const [four, eight, sixteen] = [on405B(4), on405B(8), on405B(16)];
    expect(sixteen.tensor_parallel).toBe(16);
    expect(eight.kv_needed_bytes_per_gpu).toBe(four.kv_needed_bytes_per_gpu / 2);
    expect(sixteen.kv_needed_bytes_per_gpu).toBe(eight.kv_needed_bytes_per_gpu);
  });

  test("does not divide the latent cache of MLA", () => {
    const needed = (gpus: number): number =>
      size(named("deepseek-ai/DeepSeek-V2-Lite"), on("H100-80", { gpus, context: 16_384 }))
        .kv_needed_bytes_per_gpu;
    expect(needed(1)).toBe(31_104 * 16_384);
    expect(needed(2)).toBe(needed(1));
  });

  test("does not apply to GGUF, whose layers are dealt out", () => {
    const sizing = size(
      named("Qwen/Qwen3-32B", "Q4_K_M"),
      on("RTX4090-24", { gpus: 2, context: 8192 }),
    );
    expect([sizing.gpus, sizing.tensor_parallel, sizing.verdict]).toEqual([2, 1, "fits"]);
    expect(sizing.kv_needed_bytes_per_gpu).toBe((262_144 * 8192) / 2);
  });
});

describe("the cache", () => {
  test("of sliding layers ends at the window and what is prefilled beside it", () => {
    // gpt-oss-20b: 12 of 24 layers slide over 128 tokens; vLLM prefills 8192 at once on this GPU.
    const { kv_needed_bytes_per_gpu } = size(
      named("openai/gpt-oss-20b"),
      on("H100-80", { context: 65_536 }),
    );
    expect(kv_needed_bytes_per_gpu).toBe(12 * 2048 * (65_536 + 8320));
  });

  test("of sparse attention counts the small keys beside the latent", () => {
    const needed = (name: string): number =>
      size(named(name), on("H200-141", { context: 16_384 })).kv_needed_bytes_per_gpu;
    const keys = needed("deepseek-ai/DeepSeek-V3.2") - needed("deepseek-ai/DeepSeek-V3");
    expect(keys).toBe(61 * 132 * 16_384);
  });

  test("of a hybrid is bounded, and the answer says that it is not extrapolated", () => {
    const { kv_bytes_per_token, kv_needed_bytes_per_gpu, explanation } = size(
      named("Qwen/Qwen3.5-27B"),
      on("H200-141", { gpus: 1, context: 4096 }),
    );
    expect(kv_bytes_per_token).toBe(16 * 4096);
    expect(kv_needed_bytes_per_gpu).toBe(64 * 4096 * 4096);
    expect(explanation).toContain("only 16 of its 64 layers");
    expect(explanation).toContain("not extrapolated");
  });

  test("of an encoder does not exist", () => {
    const sizing = size(named("BAAI/bge-m3"), on("L4-24"));
    expect([sizing.verdict, sizing.kv_bytes_per_token, sizing.max_concurrency]).toEqual([
      "fits",
      0,
      256,
    ]);
  });
});

describe("the explanation", () => {
  test("of a smaller fit says which context fits, and on how many GPUs all of it would", () => {
    const { explanation, max_context } = size(
      named("Qwen/Qwen3-32B"),
      on("H100-80", { gpus: 1, context: 32_000 }),
    );
    expect(max_context).toBeLessThan((4.45 * gib) / 262_144);
    expect(explanation).toContain(
      `a context of up to ${max_context.toLocaleString("en-US")} tokens`,
    );
    expect(explanation).toContain("All that was asked fits on 2 × H100-80.");
  });

  test("of a refusal says what would fit", () => {
    const ask = on("H100-80", { gpus: 1, context: 16_000 });
    const { explanation } = size(named("deepseek-ai/DeepSeek-R1"), ask);
    expect(explanation).toContain("does not fit on 1 × H100-80.");
    expect(explanation).toContain("All that was asked fits on 16 × H100-80.");
    const tiny = size(named("deepseek-ai/DeepSeek-R1"), on("T4-16"));
    expect([tiny.verdict, tiny.max_context, tiny.max_concurrency]).toEqual(["no", 0, 0]);
    expect(tiny.explanation).toContain("No number of T4-16 up to 16");
  });

  test("of a context beyond the model's says how far the model goes", () => {
    const sizing = size(named("Qwen/Qwen3-8B"), on("H100-80", { context: 100_000 }));
    expect([sizing.verdict, sizing.max_context]).toEqual(["fits_smaller", 40_960]);
    expect(sizing.explanation).toContain("made for at most 40,960 tokens");
    expect(sizing.explanation).not.toContain("No number");
  });

  test("of too many requests says how many fit", () => {
    const ask = on("H100-80", { gpus: 1, context: 16_000, concurrency: 100 });
    const { explanation } = size(named("meta-llama/Meta-Llama-3.1-8B"), ask);
    expect(explanation).toMatch(/With \d+ requests at once the asked context fits\./);
  });
});
