import { ProtocolError } from "../../shared/http1/protocol-error.ts";
import type { Connection, Tenant } from "./connection.ts";
import { type FaultKind, type Phase, UpstreamFault } from "./fault.ts";
import type { ResponseHead } from "./head.ts";
import { ResponseParser, type ResponseSink } from "./parser.ts";

/** Hears of one answer: `head`, `data` any number of times, then `end`; or `fail` at any point. */
export interface AnswerSink extends ResponseSink {
  fail(fault: UpstreamFault): void;
}

/** The handle on a request that was sent. All methods may be called at any time, also twice. */
export interface UpstreamCall {
  /** Stops reading, and so in the end the runtime's writing. At most one more socket read arrives. */
  pause(): void;
  resume(): void;
  /** Closes the connection at once. The sink hears nothing more. */
  abort(): void;
}

interface CallOptions {
  sink: AnswerSink;
  maxHeadBytes: number;
  reconnect(call: Call): void;
  done(connection: Connection): void;
}

/** One request on one connection, or on a second one when the first had gone stale in the pool. */
export class Call implements UpstreamCall, Tenant, ResponseSink {
  readonly #options: CallOptions;
  readonly #parser: ResponseParser;
  #connection: Connection | null = null;
  #opened = false;
  #receivedBytes = false;
  #request: string | Buffer;

  constructor(request: string | Buffer, options: CallOptions) {
    this.#request = request;
    this.#options = options;
    this.#parser = new ResponseParser(this, options.maxHeadBytes);
  }

  /** Starts over CONNECTION; returns the bytes to send. */
  attach(connection: Connection): string | Buffer {
    this.#connection = connection;
    this.#opened = false;
    return this.#request;
  }

  pause(): void {
    this.#connection?.pause();
  }

  resume(): void {
    this.#connection?.resume();
  }

  abort(): void {
    const connection = this.#connection;
    this.#connection = null;
    connection?.destroy();
  }

  opened(): void {
    this.#opened = true;
  }

  received(bytes: Buffer): void {
    this.#receivedBytes = true;
    this.#request = sent;
    try {
      this.#parser.push(bytes);
    } catch (error) {
      if (!(error instanceof ProtocolError)) throw error;
      this.#fail("protocol", error.message);
      return;
    }
    if (this.#parser.complete) this.#leave();
  }

  lost(kind: FaultKind): void {
    const connection = this.#connection;
    if (!connection) return;
    if (kind === "closed" && this.#parser.close()) {
      this.#connection = null;
      return;
    }
    // A kept connection may be closed by the other side at any moment (RFC 9112 9.3.1); when not one
    // byte came back, the request is sent again, once, over a new one.
    if (connection.used && !this.#receivedBytes) {
      this.#options.reconnect(this);
      return;
    }
    this.#fail(kind, sentences[kind]);
  }

  head(head: ResponseHead): void {
    if (this.#connection) this.#options.sink.head(head);
  }

  data(bytes: Buffer): void {
    if (this.#connection) this.#options.sink.data(bytes);
  }

  end(): void {
    if (this.#connection) this.#options.sink.end();
  }

  get #phase(): Phase {
    if (this.#receivedBytes) return "body";
    return this.#opened ? "head" : "connect";
  }

  #fail(kind: FaultKind, message: string): void {
    if (!this.#connection) return;
    const fault = new UpstreamFault(kind, this.#phase, message);
    this.abort();
    this.#options.sink.fail(fault);
  }

  #leave(): void {
    const connection = this.#connection;
    this.#connection = null;
    if (!connection) return;
    // An answer that came before the request was sent whole leaves the rest of it in the pipe.
    if (this.#parser.reusable && !connection.sending) this.#options.done(connection);
    else connection.destroy();
  }
}

/** Takes the place of a request that will not be sent again: it may be megabytes, and a stream is long. */
const sent = "";

const sentences: Record<FaultKind, string> = {
  refused: "The runtime refused the connection.",
  reset: "The runtime reset the connection.",
  closed: "The runtime closed the connection too early.",
  untrusted: "The other side is not who it should be.",
  protocol: "The runtime broke HTTP.",
  timeout: "The runtime did not accept the connection in time.",
};
