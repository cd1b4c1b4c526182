/** What the pieces of a request took, so far. */
import { type Tokens, tokensOf } from "../proxy/tokens.ts";

interface Open {
  prompt: number;
  characters: number;
  frames: number;
}

export class Tally {
  readonly #open = new Map<number, Open>();
  /** Prompts whose tokens are in the sum: once each, however many answers they get. */
  readonly #prompts = new Set<number>();
  #prompt_tokens = 0;
  #completion_tokens = 0;
  #cached_tokens = 0;
  #isGuessed = false;

  begin(index: number, { prompt, characters }: Pick<Open, "prompt" | "characters">): void {
    this.#open.set(index, { prompt, characters, frames: 0 });
  }

  /** Something of it came. */
  frame(index: number): void {
    const open = this.#open.get(index);
    if (open) open.frames++;
  }

  /** It was never worked on. */
  drop(index: number): void {
    this.#open.delete(index);
  }

  /** It has ended; its runtime says USAGE. */
  end(index: number, usage: unknown, characters: number): void {
    const open = this.#open.get(index);
    if (!open) return;
    this.#open.delete(index);
    const said = tokensOf(usage);
    this.#isGuessed ||= said === null;
    this.#completion_tokens +=
      said?.completion_tokens ?? Math.max(open.frames, Math.ceil(characters / 4));
    if (this.#prompts.has(open.prompt)) return;
    this.#prompts.add(open.prompt);
    this.#prompt_tokens += said?.prompt_tokens ?? Math.ceil(open.characters / 4);
    this.#cached_tokens += said?.cached_tokens ?? 0;
  }

  get usage() {
    return {
      prompt_tokens: this.#prompt_tokens,
      completion_tokens: this.#completion_tokens,
      total_tokens: this.#prompt_tokens + this.#completion_tokens,
      prompt_tokens_details: { cached_tokens: this.#cached_tokens },
    };
  }

  /** Prompts that were begun, and whose tokens nobody has said. */
  get uncounted(): number[] {
    const open = this.#begun.map(({ prompt }) => prompt);
    return [...new Set(open)].filter((prompt) => !this.#prompts.has(prompt));
  }

  /** Those that are open, and something came. */
  get #begun(): Open[] {
    return [...this.#open.values()].filter(({ frames }) => frames > 0);
  }

  /** Also of those that are open: a frame is a token, and what was not begun took nothing. */
  get tokens(): Tokens {
    const uncounted = new Map<number, number>();
    let frames = 0;
    for (const open of this.#begun) {
      frames += open.frames;
      if (!this.#prompts.has(open.prompt)) uncounted.set(open.prompt, open.characters);
    }
    let characters = 0;
    for (const more of uncounted.values()) characters += more;
    const isExact = this.#open.size === 0 && !this.#isGuessed;
    return {
      prompt_tokens: this.#prompt_tokens + Math.ceil(characters / 4),
      completion_tokens: this.#completion_tokens + frames,
      cached_tokens: this.#cached_tokens,
      source: isExact ? "engine" : "estimated",
    };
  }
}
