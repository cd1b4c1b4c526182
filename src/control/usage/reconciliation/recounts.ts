import { type AskRuntime, type BrokenOff, recount, type TokenCounts } from "./recount.ts";

const at_once = 4;
const waiting_characters_max = 16 * 1024 * 1024;

/**
 * Recounts a few at once: when a thousand streams are cut together, their runtimes have better things
 * to do than to count. Requests wait for their turn in memory, and what is too much stays estimated.
 */
export class Recounts {
  readonly #waiting: (() => void)[] = [];
  #running = 0;
  #characters = 0;

  /** As `recount`; null as well when too much waits already. */
  async count(ask: AskRuntime, request: BrokenOff): Promise<TokenCounts | null> {
    const { length } = request.text;
    if (this.#characters + length > waiting_characters_max) return null;
    this.#characters += length;
    if (this.#running >= at_once) await new Promise<void>((go) => this.#waiting.push(go));
    else this.#running += 1;
    try {
      return await recount(ask, request);
    } finally {
      this.#characters -= length;
      const next = this.#waiting.shift();
      if (next) next();
      else this.#running -= 1;
    }
  }
}
