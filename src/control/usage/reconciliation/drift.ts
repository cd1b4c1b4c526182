/** The engines' own counts against ours. Pure. */
import type { Counter, EngineCounters } from "./counters.ts";

/** What the usage rows of one replica add up to. */
export interface Metered {
  prompt_tokens: number;
  completion_tokens: number;
  cached_tokens: number;
}

export const nothing: Metered = { prompt_tokens: 0, completion_tokens: 0, cached_tokens: 0 };

export function plus(sum: Metered, more: Metered): Metered {
  return {
    prompt_tokens: sum.prompt_tokens + more.prompt_tokens,
    completion_tokens: sum.completion_tokens + more.completion_tokens,
    cached_tokens: sum.cached_tokens + more.cached_tokens,
  };
}

export function minus(sum: Metered, less: Metered): Metered {
  return {
    prompt_tokens: sum.prompt_tokens - less.prompt_tokens,
    completion_tokens: sum.completion_tokens - less.completion_tokens,
    cached_tokens: sum.cached_tokens - less.cached_tokens,
  };
}

export interface Compared {
  engine_prompt_tokens: number;
  engine_completion_tokens: number;
  metered_prompt_tokens: number;
  metered_completion_tokens: number;
}

export interface Difference {
  compared: Compared;
  /** Where the engine's counters stand, as exactly as is known. */
  counters: EngineCounters;
}

/** What both counted between two looks; null when the engine was started again and its counters with it. */
export function compare(
  before: EngineCounters,
  after: EngineCounters,
  metered: Metered,
): Difference | null {
  // Where the engine leaves out what its cache knew, we have to leave it out as well.
  const cached = after.includes_cached ? 0 : metered.cached_tokens;
  const prompt = advance(before.prompt, after.prompt, metered.prompt_tokens - cached);
  const completion = advance(before.completion, after.completion, metered.completion_tokens);
  if (!prompt || !completion) return null;
  return {
    compared: {
      engine_prompt_tokens: prompt.tokens,
      engine_completion_tokens: completion.tokens,
      metered_prompt_tokens: metered.prompt_tokens - cached,
      metered_completion_tokens: metered.completion_tokens,
    },
    counters: { ...after, prompt: prompt.counter, completion: completion.counter },
  };
}

/**
 * By how much a counter went on; null when it went back. As long as METERED is within what rounding
 * hides it is believed, and the counter is taken to stand where METERED says: so a real difference,
 * however small in each hour, adds up until it shows.
 */
function advance(before: Counter, after: Counter, metered: number) {
  const tokens = after.tokens - before.tokens;
  const unsure = before.off_by + after.off_by;
  if (tokens < -unsure) return null;
  if (Math.abs(tokens - metered) > unsure) return { tokens: Math.max(0, tokens), counter: after };
  return { tokens: metered, counter: { ...before, tokens: before.tokens + metered } };
}

/**
 * How much more we counted than the engine, as a part of what the engine did: 0.01 is one token too
 * many in a hundred, a negative number too few. Tokens without any of the engine's count in full.
 */
export function driftOf(compared: Compared): number {
  const engine = compared.engine_prompt_tokens + compared.engine_completion_tokens;
  const metered = compared.metered_prompt_tokens + compared.metered_completion_tokens;
  return (metered - engine) / Math.max(1, engine);
}

export function sumOf(checks: readonly Compared[]): Compared {
  const sum = {
    engine_prompt_tokens: 0,
    engine_completion_tokens: 0,
    metered_prompt_tokens: 0,
    metered_completion_tokens: 0,
  };
  for (const check of checks) {
    sum.engine_prompt_tokens += check.engine_prompt_tokens;
    sum.engine_completion_tokens += check.engine_completion_tokens;
    sum.metered_prompt_tokens += check.metered_prompt_tokens;
    sum.metered_completion_tokens += check.metered_completion_tokens;
  }
  return sum;
}
