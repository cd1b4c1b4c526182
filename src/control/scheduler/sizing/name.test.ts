import { expect, test } from "bun:test";
import { modelFrom } from "./model.ts";
import { parametersInName } from "./name.ts";

test.each([
  ["meta-llama/Llama-3.1-8B-Instruct", 8e9],
  ["Qwen/Qwen2.5-7B-Instruct-1M", 7e9],
  ["Qwen/Qwen3-0.6B", 0.6e9],
  ["Qwen/Qwen3-30B-A3B", 30e9],
  ["google/embeddinggemma-300m", 300e6],
  ["mistralai/Mixtral-8x7B-v0.1", 47.04e9],
  ["org/giant-1T", 1e12],
])("%s has %d parameters", (name, parameters) => {
  expect(parametersInName(name)).toBe(parameters);
});

// What is active ("17B-16E", "E4B", "A3B") is not what is loaded.
test.each([
  "meta-llama/Llama-4-Scout-17B-16E",
  "google/gemma-3n-E4B",
  "org/x-A3B",
  "bge-m3",
  "phi-4",
  "",
])("%j does not say its size", (name) => {
  expect(parametersInName(name)).toBeUndefined();
});

test("a guess is marked as one, and its precision comes from the name too", () => {
  const model = modelFrom({ name: "org/foo-70B-AWQ" });
  expect([model.source, model.precision.name]).toEqual(["name", "awq"]);
  expect(model.weights_bytes / 1e9).toBeCloseTo(36.4, 1);
  expect(model.origin.cache).toContain("guessed");
});

test("a name without a size is refused with what to do", () => {
  expect(() => modelFrom({ name: "org/foo" })).toThrow("Give its config.json.");
});

test("a dtype beside weights that were read is refused", () => {
  const weights = { bytes: 1e9, source: "headers" } as const;
  expect(() => modelFrom({ name: "x", weights, dtype: "fp8" })).toThrow("Leave it out");
});
