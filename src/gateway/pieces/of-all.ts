/**
 * Whether the usage that a service elsewhere gives is that of all pieces of a request. vLLM, SGLang and OpenAI sum up;
 * llama-server, which may stand behind any address, tells of one choice. Pure.
 */
import type { Generated, Tokens } from "../proxy/tokens.ts";
import { isObject } from "../request/json.ts";
import type { ParsedRequest } from "../request/parsed-request.ts";
import { answersIn, mostTokens, partsOf } from "./pieces.ts";

type Json = Readonly<Record<string, unknown>>;

/**
 * Characters of a token, between what texts have in a token and what that looks like when only one piece of several
 * was counted. A sum is doubted above this times the root of the number of pieces, the middle of the two.
 */
const doubtful = 6;

/** LEAST tokens were seen for certain. */
export function isOfAll(
  said: Tokens,
  { kind, body, pieces }: Pick<ParsedRequest, "kind" | "body" | "pieces">,
  generated: Generated,
  least: number,
): boolean {
  if (pieces === 1) return true;
  const prompts = kind === "completions" ? partsOf(body["prompt"]).length : 1;
  const choices = prompts * answersIn(body);
  if (choices > 1) {
    if (said.completion_tokens < least) return false;
    // Some services send less than a token in a frame.
    if (generated.frames > said.completion_tokens * Math.sqrt(choices)) return false;
    if (isFew(said.completion_tokens, generated.characters, choices)) return false;
  }
  if (prompts === 1) return true;
  if (said.prompt_tokens < prompts) return false;
  return !isFew(said.prompt_tokens, charactersIn(body["prompt"]), prompts);
}

const isFew = (tokens: number, characters: number, pieces: number): boolean =>
  characters > tokens * doubtful * Math.sqrt(pieces);

/** A list of tokens counts as if each had the usual four characters. */
function charactersIn(prompt: unknown): number {
  let sum = 0;
  for (const part of partsOf(prompt)) {
    if (typeof part === "string") sum += part.length;
    else if (Array.isArray(part)) sum += part.length * 4;
  }
  return sum;
}

/** Tokens that are certainly in ANSWER: one in each choice that says something, all where the bound cut it off. */
export function leastOf(answer: Json, body: Json): number {
  const choices = Array.isArray(answer["choices"]) ? answer["choices"].filter(isObject) : [];
  if (choices.length < 2) return 0;
  const cut = choices.filter(({ finish_reason }) => finish_reason === "length").length;
  return cut * Math.max(1, mostTokens(body, 1));
}
