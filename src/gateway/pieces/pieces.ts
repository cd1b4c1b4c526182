/**
 * One request that is many pieces of work for an engine: a list of prompts, several answers to one, a list to embed,
 * documents to rank. Limits, places on a replica and fairness count pieces, not requests. Pure.
 */
import { badRequest } from "../../shared/failure.ts";
import type { Kind } from "../request/allow-list.ts";

type Body = Readonly<Record<string, unknown>>;

/** OpenAI takes as many inputs in one request for embeddings. */
export const most_pieces = 2_048;
/** Twice of what vLLM works on at once (`max_num_seqs`, 256): what is more would wait in the engine, before others. */
export const most_answers = 512;
/** What is kept free for an answer whose length nobody bounds. */
const usual_answer_tokens = 512;

/** How many pieces of work BODY is, at least 1. Throws a 400 that names the field. */
export function piecesOf(kind: Kind, body: Body): number {
  const [field, pieces, most = most_answers] = counted(kind, body);
  if (pieces > most) {
    throw badRequest(
      `This request is ${pieces} pieces of work, and at most ${most} may come at once. Send fewer of them in \`${field}\`, in several requests.`,
      field,
    );
  }
  return pieces;
}

type Counted = readonly [field: string, pieces: number, most?: number];

function counted(kind: Kind, body: Body): Counted {
  switch (kind) {
    case "chat/completions":
      return ["n", answersTo(body)];
    case "completions":
      return ofPrompts(partsOf(body["prompt"]).length, body);
    case "images/generations":
      return ["n", countIn(body, "n")];
    case "embeddings":
      return ["input", partsOf(body["input"]).length, most_pieces];
    case "rerank":
      return ["documents", listOf(body["documents"]).length || 1, most_pieces];
    default:
      return ["n", 1];
  }
}

function ofPrompts(prompts: number, body: Body): Counted {
  const answers = answersTo(body);
  const blamed = countIn(body, "best_of") === answers ? "best_of" : "n";
  return [prompts > 1 ? "prompt" : blamed, prompts * answers];
}

/** Answers that are sent to each prompt: `n`, or llama-server's `n_cmpl`. BODY was checked. */
export const answersIn = (body: Body): number => countIn(body, body["n"] == null ? "n_cmpl" : "n");

/** Answers that are made to each prompt: `best_of` are made, and some of them sent. */
const answersTo = (body: Body): number =>
  Math.max(...["n", "n_cmpl", "best_of"].map((field) => countIn(body, field)));

function countIn(body: Body, field: string): number {
  const value = body[field];
  if (value === undefined || value === null) return 1;
  if (typeof value === "number" && Number.isSafeInteger(value) && value >= 1) return value;
  throw badRequest(`\`${field}\` must be a whole number of at least 1.`, field);
}

const listOf = (value: unknown): readonly unknown[] => (Array.isArray(value) ? value : []);

/**
 * The prompts in VALUE. A list that holds numbers is one prompt of token ids (also beside text, as llama-server takes
 * it), any other list is a prompt each.
 */
export function partsOf(value: unknown): readonly unknown[] {
  const list = listOf(value);
  const isOne = list.length === 0 || list.some((part) => typeof part === "number");
  return isOne ? [value] : list;
}

/** The most tokens that the pieces may make; 0 where nobody says. Of several names engines differ in which counts. */
export function mostTokens(body: Body, pieces: number): number {
  const said = lengths.map((field) => body[field]).filter((value) => typeof value === "number");
  return Math.max(0, ...said) * pieces;
}

/** OpenAI's name, its newer one, that of responses, and llama-server's. */
const lengths = ["max_tokens", "max_completion_tokens", "max_output_tokens", "n_predict"];

const writing: ReadonlySet<Kind> = new Set<Kind>([
  "chat/completions",
  "completions",
  "messages",
  "responses",
]);

/** What is kept free for the answers of a request until it is known what they took. */
export function reservedTokens(kind: Kind, body: Body, pieces: number): number {
  if (!writing.has(kind)) return 0;
  return mostTokens(body, pieces) || usual_answer_tokens * pieces;
}

/** In all prompts: exact where they are lists of tokens, else by LENGTH of the body, four characters a token. */
export function promptTokens({ prompt, input }: Body, length: number): number {
  const list = listOf(prompt ?? input);
  const parts = partsOf(list);
  const isTokens = (part: unknown) => Array.isArray(part) && typeof part[0] === "number";
  if (list.length === 0 || !parts.every(isTokens)) return Math.ceil(length / 4);
  return parts.reduce<number>((sum, part) => sum + listOf(part).length, 0);
}

/** Places that PIECES take on a replica of so many: an engine works on no more at once. */
export const placesOf = (pieces: number, { runtime, slots = 1 }: Engine): number =>
  Math.min(pieces, runtime === "llama-server" ? besideOthers(slots) : slots);

interface Engine {
  runtime: string;
  slots?: number;
}

/** Half of an engine's places: whoever comes with one question finds one. */
export const besideOthers = (slots: number): number => Math.max(1, Math.floor(slots / 2));
