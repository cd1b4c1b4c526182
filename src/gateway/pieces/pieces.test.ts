import { expect, test } from "bun:test";
import { Failure } from "../../shared/failure.ts";
import type { Kind } from "../request/allow-list.ts";
import {
  most_answers,
  most_pieces,
  mostTokens,
  piecesOf,
  placesOf,
  promptTokens,
  reservedTokens,
} from "./pieces.ts";

test.each([
  ["completions", { prompt: "a" }, 1],
  ["completions", { prompt: ["a"] }, 1],
  ["completions", { prompt: ["a", "b", "c"] }, 3],
  ["completions", { prompt: [1, 2, 3] }, 1],
  ["completions", { prompt: [[1, 2], [3]] }, 2],
  ["completions", { prompt: ["a", [3]] }, 2],
  // llama-server takes text and ids side by side as one prompt.
  ["completions", { prompt: ["a", 3, "b"] }, 1],
  ["completions", { prompt: ["a", "b"], n: 3 }, 6],
  ["completions", { prompt: "a", n: 2, best_of: 5 }, 5],
  ["completions", { prompt: "a", n: null, best_of: null }, 1],
  ["chat/completions", { messages: [] }, 1],
  ["chat/completions", { messages: [], n: 4 }, 4],
  ["chat/completions", { messages: [], n_cmpl: 4 }, 4],
  ["images/generations", { prompt: "a", n: 3 }, 3],
  ["embeddings", { input: "a" }, 1],
  ["embeddings", { input: [1, 2] }, 1],
  ["embeddings", { input: ["a", "b"] }, 2],
  ["embeddings", { input: [[1], [2], [3]] }, 3],
  ["rerank", { query: "q", documents: ["a", "b"] }, 2],
  ["images/generations", { prompt: "a cat", n: 4 }, 4],
  ["messages", { n: 9 }, 1],
  ["responses", { n: 9 }, 1],
] as const)("%s with %j is so many pieces of work: %i", (kind, body, pieces) => {
  expect(piecesOf(kind, body)).toBe(pieces);
});

const refusal = (kind: Kind, body: Record<string, unknown>): Failure => {
  try {
    piecesOf(kind, body);
  } catch (error) {
    if (error instanceof Failure) return error;
  }
  throw new Error("It was taken.");
};

test.each([
  ["chat/completions", { n: 0 }, "n"],
  ["chat/completions", { n: "5" }, "n"],
  ["chat/completions", { n: 1.5 }, "n"],
  ["chat/completions", { n: most_pieces + 1 }, "n"],
  ["completions", { prompt: "a", best_of: -1 }, "best_of"],
  ["chat/completions", { n: most_answers + 1 }, "n"],
  ["completions", { prompt: "a", n: 2, best_of: most_answers + 1 }, "best_of"],
  ["completions", { prompt: Array(most_answers + 1).fill("a") }, "prompt"],
  ["completions", { prompt: Array(1_025).fill("a"), n: 2 }, "prompt"],
  ["embeddings", { input: Array(most_pieces + 1).fill("a") }, "input"],
  ["rerank", { documents: Array(most_pieces + 1).fill("a") }, "documents"],
] as const)(
  "%s with too much, or what is no number, is refused by name: %#",
  (kind, body, param) => {
    expect(refusal(kind, body)).toMatchObject({ status: 400, param });
  },
);

test("what pieces may make is counted by whichever name limits it", () => {
  expect(mostTokens({ max_tokens: 10 }, 3)).toBe(30);
  expect(mostTokens({ max_completion_tokens: 10 }, 3)).toBe(30);
  expect(mostTokens({ n_predict: 10 }, 3)).toBe(30);
  expect(mostTokens({ max_tokens: -1 }, 3)).toBe(0);
  expect(mostTokens({ max_tokens: 10, n_predict: 20 }, 3)).toBe(60);
});

test("what is kept free for answers is what they may be, or a usual length; nothing where none are written", () => {
  expect(reservedTokens("completions", { max_tokens: 10 }, 3)).toBe(30);
  expect(reservedTokens("messages", { max_tokens: 10 }, 1)).toBe(10);
  expect(reservedTokens("responses", { max_output_tokens: 10 }, 1)).toBe(10);
  expect(reservedTokens("chat/completions", {}, 2)).toBe(1_024);
  expect(reservedTokens("embeddings", { max_tokens: 10 }, 3)).toBe(0);
});

test("tokens that are given as such are counted, texts are guessed", () => {
  expect(promptTokens({ prompt: [7, 7, 7] }, 400)).toBe(3);
  expect(promptTokens({ input: [[7, 7], [7]] }, 400)).toBe(3);
  expect(promptTokens({ prompt: ["one", [7]] }, 400)).toBe(100);
  expect(promptTokens({ messages: [] }, 401)).toBe(101);
});

test("pieces take places, but never more than an engine works on at once; llama-server keeps half for others", () => {
  expect(placesOf(3, { runtime: "vllm", slots: 256 })).toBe(3);
  expect(placesOf(400, { runtime: "vllm", slots: 256 })).toBe(256);
  expect(placesOf(400, { runtime: "llama-server", slots: 4 })).toBe(2);
  expect(placesOf(400, { runtime: "llama-server", slots: 1 })).toBe(1);
});
