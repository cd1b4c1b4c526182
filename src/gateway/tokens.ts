import { isObject } from "./json.ts";
import type { UsageSource } from "./ports.ts";

/** The token columns of a usage row. */
export interface Tokens {
  prompt_tokens: number;
  completion_tokens: number;
  cached_tokens: number;
  source: UsageSource;
}

/** For a request that no runtime worked on. */
export const noTokens: Tokens = {
  prompt_tokens: 0,
  completion_tokens: 0,
  cached_tokens: 0,
  source: "counted",
};

/** Reads a `usage` object of the OpenAI shape; null when it is not one. */
export function tokensOf(usage: unknown): Tokens | null {
  if (!isObject(usage)) return null;
  const prompt = count(usage["prompt_tokens"]);
  const completion = count(usage["completion_tokens"]);
  if (prompt === null && completion === null) return null;
  const details = usage["prompt_tokens_details"];
  return {
    prompt_tokens: prompt ?? 0,
    completion_tokens: completion ?? 0,
    cached_tokens: (isObject(details) ? count(details["cached_tokens"]) : null) ?? 0,
    source: "engine",
  };
}

/**
 * When the runtime did not say: frames that passed are counted, but the prompt is only guessed from
 * its size (about four characters a token), and a row has one source, so it is the weaker one.
 */
export function guessTokens(promptCharacters: number, completionTokens: number): Tokens {
  return {
    prompt_tokens: Math.ceil(promptCharacters / 4),
    completion_tokens: completionTokens,
    cached_tokens: 0,
    source: "estimated",
  };
}

function count(value: unknown): number | null {
  return typeof value === "number" && Number.isSafeInteger(value) && value >= 0 ? value : null;
}
