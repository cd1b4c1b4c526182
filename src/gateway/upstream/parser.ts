import { ChunkedDecoder } from "../../shared/http1/chunked.ts";
import { hasBareLineFeed, headEnd } from "../../shared/http1/head-lines.ts";
import { ProtocolError } from "../../shared/http1/protocol-error.ts";
import {
  type Framing,
  framingOf,
  hasOddFraming,
  keepsAlive,
  parseHead,
  type ResponseHead,
} from "./head.ts";

/** Where a parsed response goes. `data` gets one contiguous piece per socket read. */
export interface ResponseSink {
  head(head: ResponseHead): void;
  data(bytes: Buffer): void;
  end(): void;
}

/** Heads of 1xx before the answer: without a bound, one that sends nothing else is never done. */
const most_interim = 16;

/**
 * Incremental parser of one HTTP/1.1 response. Feed it what the socket read; it calls the sink, and
 * throws `ProtocolError` on anything that is not plain HTTP. 1xx responses are skipped.
 */
export class ResponseParser {
  readonly #sink: ResponseSink;
  readonly #maxHeadBytes: number;
  #partialHead: Buffer | null = null;
  #framing: Framing | null = null;
  #remaining = 0;
  #chunks: ChunkedDecoder | null = null;
  #complete = false;
  #keepAlive = true;
  #interim = 0;

  constructor(sink: ResponseSink, maxHeadBytes: number) {
    this.#sink = sink;
    this.#maxHeadBytes = maxHeadBytes;
  }

  /** True when the whole response was read and the connection may carry another one. */
  get reusable(): boolean {
    return this.#complete && this.#keepAlive;
  }

  get complete(): boolean {
    return this.#complete;
  }

  push(bytes: Buffer): void {
    let rest = bytes;
    while (this.#framing === null) {
      const body = this.#readHead(rest);
      if (body === null) return;
      rest = body;
    }
    if (rest.length > 0) this.#readBody(rest, this.#framing);
  }

  /** The runtime closed. Returns false when the response was not complete. */
  close(): boolean {
    if (this.#framing?.by === "close" && !this.#complete) this.#finish();
    return this.#complete;
  }

  /** Returns what follows the head, or null when more bytes are needed. */
  #readHead(bytes: Buffer): Buffer | null {
    const all = this.#partialHead ? Buffer.concat([this.#partialHead, bytes]) : bytes;
    const end = all.indexOf(headEnd);
    if ((end === -1 ? all.length : end) > this.#maxHeadBytes) {
      throw new ProtocolError("The runtime sent headers that are too long.");
    }
    if (end === -1) {
      if (hasBareLineFeed(all)) throw new ProtocolError(bareLineFeed);
      this.#partialHead = all;
      return null;
    }
    this.#partialHead = null;
    const rest = all.subarray(end + headEnd.length);
    const head = parseHead(all, end);
    if (head.status === 101) throw new ProtocolError("The runtime switched protocols unasked.");
    if (head.status >= 200) this.#begin(head);
    else this.#pass(head);
    return head.status < 200 && rest.length === 0 ? null : rest;
  }

  #pass(interim: ResponseHead): void {
    if (++this.#interim > most_interim) throw new ProtocolError("The runtime does not answer.");
    if (hasOddFraming(interim)) this.#keepAlive = false;
  }

  #begin(head: ResponseHead): void {
    this.#framing = framingOf(head);
    if (!keepsAlive(head) || this.#framing.by === "close") this.#keepAlive = false;
    if (this.#framing.by === "chunks") this.#chunks = new ChunkedDecoder();
    if (this.#framing.by === "length") this.#remaining = this.#framing.length;
    this.#sink.head(head);
    if (this.#framing.by === "length" && this.#remaining === 0) this.#finish();
  }

  #readBody(bytes: Buffer, framing: Framing): void {
    // Bytes behind the end were not asked for: whatever they are, the connection is spoiled.
    if (this.#complete) this.#keepAlive = false;
    else if (this.#chunks) this.#readChunks(bytes, this.#chunks);
    else if (framing.by === "length") this.#readLength(bytes);
    else this.#sink.data(bytes);
  }

  #readChunks(bytes: Buffer, chunks: ChunkedDecoder): void {
    const payload = chunks.decode(bytes, 0);
    if (chunks.position < bytes.length) this.#keepAlive = false;
    if (payload.length > 0) this.#sink.data(payload);
    if (chunks.done) this.#finish();
  }

  #readLength(bytes: Buffer): void {
    const wanted = Math.min(bytes.length, this.#remaining);
    if (wanted < bytes.length) this.#keepAlive = false;
    this.#remaining -= wanted;
    this.#sink.data(wanted === bytes.length ? bytes : bytes.subarray(0, wanted));
    if (this.#remaining === 0) this.#finish();
  }

  #finish(): void {
    this.#complete = true;
    this.#sink.end();
  }
}

const bareLineFeed = "The runtime ended a line of its headers with a line feed alone.";
