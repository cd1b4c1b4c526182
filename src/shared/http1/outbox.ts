/** What takes bytes away: how many it took now, or a negative number when it is closed. */
interface Exit {
  write(data: Uint8Array | string): number;
}

/** Bytes on their way to one client: what the kernel does not take at once waits here, in order. */
export class Outbox {
  readonly #exit: Exit;
  #waiting: Uint8Array[] = [];

  constructor(exit: Exit) {
    this.#exit = exit;
  }

  get empty(): boolean {
    return this.#waiting.length === 0;
  }

  /** False when not all of it has left; the rest of DATA is kept as it is, and must not be changed. */
  send(data: Uint8Array | string): boolean {
    if (this.#waiting.length > 0) {
      this.#waiting.push(bytesOf(data));
      return false;
    }
    const written = this.#exit.write(data);
    if (written < 0) return true;
    if (written === (typeof data === "string" ? Buffer.byteLength(data) : data.length)) return true;
    // Strings are cut as bytes: a character may be on both sides of the cut.
    this.#waiting.push(bytesOf(data).subarray(written));
    return false;
  }

  /** The kernel takes more: sends what waits. True when nothing waits any longer. */
  flush(): boolean {
    const waiting = this.#waiting;
    let gone = 0;
    for (const bytes of waiting) {
      const written = this.#exit.write(bytes);
      if (written < 0) break;
      if (written < bytes.length) {
        this.#waiting = [bytes.subarray(written), ...waiting.slice(gone + 1)];
        return false;
      }
      gone++;
    }
    this.#waiting = [];
    return true;
  }

  clear(): void {
    this.#waiting = [];
  }
}

const bytesOf = (data: Uint8Array | string): Uint8Array =>
  typeof data === "string" ? Buffer.from(data) : data;
