const empty = Buffer.alloc(0);

/**
 * Bytes that come in pieces. A body that comes in one piece is not copied; all others are, because a
 * piece is a view on what came off the socket, which may be a thousand times as large: a byte in each
 * chunk, behind four kilobytes of chunk extension.
 */
export class Gathered {
  #bytes: Buffer = empty;
  #size = 0;

  get size(): number {
    return this.#size;
  }

  add(piece: Buffer): void {
    if (this.#size === 0) this.#bytes = piece;
    else {
      this.#reserve(this.#size + piece.length);
      piece.copy(this.#bytes, this.#size);
    }
    this.#size += piece.length;
  }

  /** The first COUNT bytes, or all when there are fewer. */
  first(count: number): Buffer {
    return this.#bytes.subarray(0, Math.min(count, this.#size));
  }

  /** The last COUNT bytes, or all when there are fewer. */
  last(count: number): Buffer {
    return this.#bytes.subarray(Math.max(0, this.#size - count), this.#size);
  }

  /** All of it, once. */
  take(): Buffer {
    const all = this.#bytes;
    const bytes = this.#size === all.length ? all : all.subarray(0, this.#size);
    this.clear();
    return bytes;
  }

  clear(): void {
    this.#bytes = empty;
    this.#size = 0;
  }

  /** Doubling, so that a body in a million pieces is copied twice and not a million times. */
  #reserve(size: number): void {
    if (size <= this.#bytes.length) return;
    const larger = Buffer.allocUnsafeSlow(Math.max(size, this.#size * 2));
    this.#bytes.copy(larger, 0, 0, this.#size);
    this.#bytes = larger;
  }
}
