/**
 * One request that is many pieces of work for an engine: a list of prompts, several answers to one, a list to embed,
 * documents to rank. Limits, places on a replica and fairness count pieces, not requests. Pure.
 */
import { badRequest } from "../../shared/failure.ts";
import type { Kind } from "../request/allow-list.ts";

type Body = Readonly<Record<string, unknown>>;

/** OpenAI takes as many inputs in one request for embeddings. */
export const most_pieces = 2_048;

/** How many pieces of work BODY is, at least 1. Throws a 400 that names the field. */
export function piecesOf(kind: Kind, body: Body): number {
  const [field, pieces] = counted(kind, body);
  if (pieces > most_pieces) {
    throw badRequest(
      `This request is ${pieces} pieces of work, and at most ${most_pieces} may come at once. Send fewer of them in \`${field}\`, in several requests.`,
      field,
    );
  }
  return pieces;
}

function counted(kind: Kind, body: Body): readonly [field: string, pieces: number] {
  switch (kind) {
    case "chat/completions":
      return ["n", answersTo(body)];
    case "completions":
      return ["prompt", partsOf(body["prompt"]).length * answersTo(body)];
    case "embeddings":
      return ["input", partsOf(body["input"]).length];
    case "rerank":
      return ["documents", listOf(body["documents"]).length || 1];
    default:
      return ["n", 1];
  }
}

/** Answers that are made to each prompt: `best_of` are made, and `n` of them sent. */
const answersTo = (body: Body): number => Math.max(countIn(body, "n"), countIn(body, "best_of"));

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

/**
 * The most tokens that the pieces may make; 0 where nobody says. OpenAI's name, its newer one, and llama-server's.
 */
export function mostTokens(body: Body, pieces: number): number {
  const said = ["max_tokens", "max_completion_tokens", "n_predict"].map((field) => body[field]);
  const most = said.find((value) => typeof value === "number" && value > 0);
  return typeof most === "number" ? most * pieces : 0;
}

/** Places that PIECES take on a replica of so many: an engine works on no more at once. */
export const placesOf = (pieces: number, { runtime, slots = 1 }: Engine): number =>
  Math.min(pieces, runtime === "llama-server" ? besideOthers(slots) : slots);

interface Engine {
  runtime: string;
  slots?: number;
}

/** Half of an engine's places: whoever comes with one question finds one. */
const besideOthers = (slots: number): number => Math.max(1, Math.floor(slots / 2));
