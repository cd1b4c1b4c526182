/** What the writer of a stream needs to hear of its reader. */
export interface Reader {
  /** The client reads too slowly: write no more until `ready`. What was written is kept. */
  slow(): void;
  ready(): void;
}

/** Where a stream's bytes go, once its answer is being sent. */
export interface Outlet {
  /** False when the client does not keep up: its reader was told nothing yet. */
  write(bytes: Uint8Array): boolean;
  end(): void;
  /** Ends the connection in the middle, so that what was sent is not taken for the whole. */
  abort(): void;
}

const max_early_bytes = 262_144;

/** A body that is written piece by piece, also before the server has begun to send its answer. */
export class BodyStream {
  #reader: Reader;
  #outlet: Outlet | null = null;
  /** Written before there was an outlet. */
  #early: Uint8Array[] = [];
  #earlyBytes = 0;
  #ended = false;
  #isBroken = false;
  #isSlow = false;

  constructor(reader: Reader) {
    this.#reader = reader;
  }

  /** From now on READER is told. */
  tell(reader: Reader): void {
    this.#reader = reader;
  }

  /** BYTES are kept until they have left, and must not be changed. */
  write(bytes: Uint8Array): void {
    if (this.#ended || bytes.length === 0) return;
    if (this.#outlet) {
      if (!this.#outlet.write(bytes)) this.#slow();
      return;
    }
    this.#early.push(bytes);
    this.#earlyBytes += bytes.length;
    if (this.#earlyBytes > max_early_bytes) this.#slow();
  }

  end(): void {
    if (this.#ended) return;
    this.#ended = true;
    this.#outlet?.end();
  }

  /** What was written is not the whole, and there is no way to say so inside of it. */
  abort(): void {
    if (this.#ended) return;
    this.#ended = true;
    this.#isBroken = true;
    this.#outlet?.abort();
  }

  /** The server sends it from now on through OUTLET. */
  flowTo(outlet: Outlet): void {
    this.#outlet = outlet;
    const early = this.#early;
    this.#early = [];
    let keepsUp = true;
    for (const bytes of early) keepsUp = outlet.write(bytes) && keepsUp;
    if (this.#isBroken) outlet.abort();
    else if (this.#ended) outlet.end();
    else if (keepsUp) this.drained();
    else this.#slow();
  }

  /** All that was written is on its way. */
  drained(): void {
    if (!this.#isSlow) return;
    this.#isSlow = false;
    if (!this.#ended) this.#reader.ready();
  }

  #slow(): void {
    if (this.#isSlow) return;
    this.#isSlow = true;
    this.#reader.slow();
  }
}
