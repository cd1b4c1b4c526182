import { encodeChunk, lastChunk } from "./answer.ts";
import type { Outlet } from "./body-stream.ts";

/** The connection that a stream is sent on. */
interface Line {
  /** False when the client does not keep up. */
  send(data: Uint8Array): boolean;
  /** The answer is complete. */
  done(): void;
  abort(): void;
}

/** Frames a stream as the body of one answer. */
export class StreamOutlet implements Outlet {
  readonly #chunked: boolean;
  readonly #line: Line;

  constructor(chunked: boolean, line: Line) {
    this.#chunked = chunked;
    this.#line = line;
  }

  write(bytes: Uint8Array): boolean {
    return this.#line.send(this.#chunked ? encodeChunk(bytes) : bytes);
  }

  end(): void {
    if (this.#chunked) this.#line.send(lastChunk);
    this.#line.done();
  }

  abort(): void {
    this.#line.abort();
  }
}
