import { ChunkedDecoder } from "./chunked.ts";

/** Where the bytes of a body go. */
export interface BodySink {
  data(bytes: Buffer): void;
  end(): void;
}

const nothing = Buffer.alloc(0);

/** Finds the end of one request's body in what comes off the socket. */
export class BodyReader {
  readonly #chunks: ChunkedDecoder | null;
  #remaining: number;
  #done: boolean;

  /** LENGTH in bytes; -1: in chunks. */
  constructor(length: number) {
    this.#chunks = length === -1 ? new ChunkedDecoder() : null;
    this.#remaining = length;
    this.#done = length === 0;
  }

  get done(): boolean {
    return this.#done;
  }

  /** Returns what lies behind the end of the body: the next request's. Throws a `ProtocolError`. */
  push(bytes: Buffer, sink: BodySink): Buffer {
    if (this.#done) return bytes;
    return this.#chunks ? this.#pushChunks(this.#chunks, bytes, sink) : this.#push(bytes, sink);
  }

  #pushChunks(chunks: ChunkedDecoder, bytes: Buffer, sink: BodySink): Buffer {
    const payload = chunks.decode(bytes, 0);
    const rest = bytes.subarray(chunks.position);
    if (payload.length > 0) sink.data(payload);
    if (chunks.done) this.#finish(sink);
    return rest;
  }

  #push(bytes: Buffer, sink: BodySink): Buffer {
    // Making a view costs more than all the rest of this, so none is made of a whole.
    const isWhole = bytes.length <= this.#remaining;
    const wanted = isWhole ? bytes.length : this.#remaining;
    this.#remaining -= wanted;
    if (wanted > 0) sink.data(isWhole ? bytes : bytes.subarray(0, wanted));
    if (this.#remaining === 0) this.#finish(sink);
    return isWhole ? nothing : bytes.subarray(wanted);
  }

  #finish(sink: BodySink): void {
    this.#done = true;
    sink.end();
  }
}
