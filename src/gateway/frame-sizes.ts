/** A frame that is no longer than this without its words, and a few more, holds a token or two. */
const few = 16;
const some = 32;

/**
 * How many characters of content a frame holds, told from its length: the frames of one stream differ in
 * nothing else, and reading each would cost more than all else that is done with it.
 */
export class FrameSizes {
  /** Bytes around the words; null until a frame with few of them was read. */
  #around: number | null = null;

  /** A frame of SIZE bytes was read and has CHARACTERS. With many, bytes and characters differ too much. */
  learn(size: number, characters: number): void {
    if (characters > 0 && characters <= few) this.#around = size - characters;
  }

  /** Null when that cannot be told: the frame must be read. */
  charactersOf(size: number): number | null {
    const characters = this.#around === null ? -1 : size - this.#around;
    return characters >= 0 && characters <= some ? characters : null;
  }
}
