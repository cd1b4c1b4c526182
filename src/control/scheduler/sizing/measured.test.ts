import { expect, test } from "bun:test";
import { withMargin } from "./measured.ts";
import type { Measured } from "./plan.ts";
import { answer } from "./question.ts";

const gib = 2 ** 30;
const seen: Measured = {
  gpu: "NVIDIA L4",
  gpus: 1,
  context_tokens: 8192,
  concurrency: 1,
  context: 8192,
  slots: 1,
  gpu_bytes: 20 * gib,
  memory_bytes: 3 * gib,
  count: 3,
  last_at: Date.UTC(2026, 10, 24),
  start_p50_ms: 48_200,
  start_p95_ms: 50_000,
};
const model = "org/model-14B";
const ask = (measured: Measured | null) =>
  answer(
    { model, gpu: "L4", context: 8192, concurrency: 1 },
    { source: "hf:org/model-14B", measured: () => measured },
  );

test("what ran fits, on as many GPUs as it ran on, and the words say how often and how long", () => {
  expect(ask(null).gpus).toBe(2);
  const { verdict, gpus, explanation, measured } = ask(seen);
  expect({ verdict, gpus, measured }).toEqual({ verdict: "fits", gpus: 1, measured: seen });
  expect(explanation).toContain(
    "Measured 3 times on 1 × L4-24, last on 2026-11-24: at most 20.0 GiB and 3.0 GiB of the host's memory, ready after 48.2 s. It replaces the estimate.",
  );
});

test("without a measure nothing is said of one", () => {
  const { explanation, measured } = ask(null);
  expect(measured).toBeNull();
  expect(explanation).not.toContain("Measured");
});

test("of other weights than the model's own nothing was measured", () => {
  const question = { model, gpu: "L4", context: 8192, dtype: "int4" };
  const known = { source: "hf:org/model-14B", measured: () => seen };
  expect(answer(question, known).measured).toBeNull();
});

test("a peak that nobody saw has room: a twentieth, and no less than 256 MiB", () => {
  expect(withMargin(20 * gib)).toBe(21 * gib);
  expect(withMargin(gib)).toBe(1.25 * gib);
});
