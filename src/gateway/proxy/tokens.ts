import type { UsageSource } from "../ports.ts";
import { isObject } from "../request/json.ts";

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

/** What was generated, as far as it was seen: frames of content, and characters in them. */
export class Generated {
  frames = 0;
  characters = 0;

  /** One more frame, of so many characters. */
  add(characters: number): void {
    this.frames++;
    this.characters += characters;
  }

  /** A frame is a token at least, and holds whole sentences with some services: about four characters a token. */
  get tokens(): number {
    return Math.max(this.frames, Math.ceil(this.characters / 4));
  }
}

/** What USAGE says; null where it says that nothing was generated, though something was. */
export function tokensBeside(usage: unknown, generated: Generated): Tokens | null {
  const tokens = tokensOf(usage);
  return tokens?.completion_tokens === 0 && generated.tokens > 0 ? null : tokens;
}

/**
 * When the runtime did not say: what passed was counted, but the prompt is only guessed from its size
 * (about four characters a token), and a row has one source, so it is the weaker one.
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
