/**
 * A request of several pieces as several requests, for llama-server: it says the usage of one of many completions,
 * whole and streamed, takes no more answers to a prompt than it has slots, and lets nobody else in before all of a
 * list has begun. Pure.
 */
import type { Replica } from "../ports.ts";
import type { ParsedRequest } from "../request/parsed-request.ts";
import { mergedChoices, mergedEmbeddings, mergedRanking } from "./merged.ts";
import { answersIn, partsOf } from "./pieces.ts";

type Json = Record<string, unknown>;

export interface Piece {
  /** Its place among the pieces. */
  index: number;
  /** Which of the prompts it answers. */
  prompt: number;
  /** Characters of that prompt. */
  characters: number;
  /** Places of the replica that it takes. */
  places: number;
  body(): string;
}

export interface Divided {
  pieces: readonly Piece[];
  /** The answers to the pieces, in their order, as one; USAGE is that of all. */
  merged(answers: readonly Json[], usage: Json): Json;
  /** Whether an answer to a piece is one. */
  isAnswer(answer: Json): boolean;
  /** A request for the prompts with these numbers, to count their tokens. */
  bodyOf(prompts: readonly number[]): string;
}

/** Texts that go up together: one at a time would wait for the network as long as for the engine. */
const texts_at_once = 8;

/** Null when REPLICA gets the request as it is. TEXT: its body for the replica. */
export function divided(
  { kind, body, pieces, stream }: ParsedRequest,
  { runtime }: Pick<Replica, "runtime">,
  text: () => string | Uint8Array,
): Divided | null {
  if (pieces === 1 || runtime !== "llama-server") return null;
  const isText = kind === "embeddings" || kind === "rerank";
  if (isText && (stream || pieces <= texts_at_once)) return null;
  const answers = answersIn(body);
  // It knows no `best_of`.
  if (!isText && answers === 1 && partsOf(body["prompt"]).length === 1) return null;
  const divide = ways[kind];
  const whole = divide && text();
  return typeof whole === "string" ? (divide?.(JSON.parse(whole), answers) ?? null) : null;
}

const ways: Readonly<Record<string, (body: Json, answers: number) => Divided>> = {
  "chat/completions": (body, answers) => ofChat(body, answers),
  completions: (body, answers) => ofPrompts(body, answers),
  embeddings: (body) => ofTexts(body, "input", { list: "data", merged: mergedEmbeddings }),
  rerank: ({ top_n, ...body }) =>
    ofTexts(body, "documents", {
      list: "results",
      merged: (answers, usage) => mergedRanking(answers, usage, top_n),
    }),
};

const choices = {
  merged: mergedChoices,
  isAnswer: (answer: Json) => Array.isArray(answer["choices"]),
};

/** It knows no `best_of`, and `n` is what it is divided by. */
function ofChat(
  { n: _n, n_cmpl: _n_cmpl, best_of: _best, ...base }: Json,
  answers: number,
): Divided {
  const characters = JSON.stringify(base["messages"] ?? "").length;
  return {
    ...choices,
    pieces: Array.from({ length: answers }, (_, index) => ({
      index,
      prompt: 0,
      characters,
      places: 1,
      body: () => JSON.stringify(seeded(base, index)),
    })),
    bodyOf: () => JSON.stringify(base),
  };
}

function ofPrompts(
  { n: _n, n_cmpl: _n_cmpl, best_of: _best, ...base }: Json,
  answers: number,
): Divided {
  const prompts = partsOf(base["prompt"]);
  return {
    ...choices,
    pieces: prompts.flatMap((part, prompt) => {
      const characters = JSON.stringify(part ?? null).length;
      return Array.from({ length: answers }, (_, answer) => ({
        index: prompt * answers + answer,
        prompt,
        characters,
        places: 1,
        body: () => JSON.stringify({ ...seeded(base, answer), prompt: part }),
      }));
    }),
    bodyOf: (numbers) =>
      JSON.stringify({ ...base, prompt: numbers.map((number) => prompts[number]) }),
  };
}

/** Equal seeds would make equal answers. */
function seeded(base: Json, answer: number): Json {
  const { seed } = base;
  return answer > 0 && typeof seed === "number" && seed >= 0
    ? { ...base, seed: seed + answer }
    : base;
}

function ofTexts(
  base: Json,
  field: string,
  { list, merged }: { list: string } & Pick<Divided, "merged">,
): Divided {
  const texts = Array.isArray(base[field]) ? base[field] : [];
  const batches = Array.from({ length: Math.ceil(texts.length / texts_at_once) }, (_, at) =>
    texts.slice(at * texts_at_once, (at + 1) * texts_at_once),
  );
  return {
    merged,
    isAnswer: (answer) => Array.isArray(answer[list]),
    pieces: batches.map((batch, index) => ({
      index,
      prompt: index,
      characters: JSON.stringify(batch).length,
      places: batch.length,
      body: () => JSON.stringify({ ...base, [field]: batch }),
    })),
    bodyOf: (numbers) =>
      JSON.stringify({ ...base, [field]: numbers.flatMap((number) => batches[number] ?? []) }),
  };
}
