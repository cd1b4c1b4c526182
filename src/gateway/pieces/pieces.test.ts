import { expect, test } from "bun:test";
import { Failure } from "../../shared/failure.ts";
import type { Kind } from "../request/allow-list.ts";
import { most_pieces, mostTokens, piecesOf, placesOf } from "./pieces.ts";
import { joined, placed, singlesOf } from "./split.ts";

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
  ["embeddings", { input: "a" }, 1],
  ["embeddings", { input: [1, 2] }, 1],
  ["embeddings", { input: ["a", "b"] }, 2],
  ["embeddings", { input: [[1], [2], [3]] }, 3],
  ["rerank", { query: "q", documents: ["a", "b"] }, 2],
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
});

test("pieces take places, but never more than an engine works on at once; llama-server keeps half for others", () => {
  expect(placesOf(3, { runtime: "vllm", slots: 256 })).toBe(3);
  expect(placesOf(400, { runtime: "vllm", slots: 256 })).toBe(256);
  expect(placesOf(400, { runtime: "llama-server", slots: 4 })).toBe(2);
  expect(placesOf(400, { runtime: "llama-server", slots: 1 })).toBe(1);
});

test("a list of prompts with several answers each is asked one by one, with seeds of their own", () => {
  const body = { prompt: ["a", "b"], n: 2, best_of: 2, seed: 7, stream: true, max_tokens: 5 };
  expect(singlesOf("completions", true, body)).toEqual([
    { body: { prompt: "a", seed: 7, max_tokens: 5 }, first: 0, repeats: false },
    { body: { prompt: "a", seed: 8, max_tokens: 5 }, first: 1, repeats: true },
    { body: { prompt: "b", seed: 7, max_tokens: 5 }, first: 2, repeats: false },
    { body: { prompt: "b", seed: 8, max_tokens: 5 }, first: 3, repeats: true },
  ]);
  expect(singlesOf("completions", false, { prompt: "a" })).toBeNull();
  expect(singlesOf("chat/completions", true, { n: 2 })).toBeNull();
});

test("documents are ranked in parts, and the best of all are told", () => {
  const documents = Array.from({ length: 20 }, (_, at) => `document ${at}`);
  const body = { query: "q", documents, top_n: 2 };
  const singles = singlesOf("rerank", false, body) ?? [];
  expect(singles.map(({ first }) => first)).toEqual([0, 16]);
  expect(singles[1]?.body).toEqual({ query: "q", documents: documents.slice(16) });
  const scores = [[{ index: 3, relevance_score: 0.2 }], [{ index: 1, relevance_score: 0.9 }]];
  const answers = singles.map((single, at) => placed({ results: scores[at] }, single));
  expect(joined(answers, body, {})["results"]).toEqual([
    { index: 17, relevance_score: 0.9 },
    { index: 3, relevance_score: 0.2 },
  ]);
});
