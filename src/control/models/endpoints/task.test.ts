import { expect, test } from "bun:test";
import { taskArguments } from "./task.ts";

test.each([
  ["feature-extraction", ["--embeddings"]],
  ["Sentence-Similarity", ["--embeddings"]],
  ["text-ranking", ["--reranking"]],
  ["text-generation", []],
  [null, []],
])("for %p llama-server is started with %p", (task, expected) => {
  expect(taskArguments(task, "llama-server")).toEqual(expected);
  expect(taskArguments(task, "vllm")).toEqual([]);
});
