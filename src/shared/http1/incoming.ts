import type { BodyReader, BodySink } from "./body-reader.ts";
import type { Fields } from "./fields.ts";
import { Gathered } from "./gathered.ts";
import { ProtocolError } from "./protocol-error.ts";
import type { RequestHead } from "./request-head.ts";
import type { Room } from "./room.ts";

/** One request, as handlers see it. */
export interface ServerRequest {
  readonly method: string;
  /** Without the query; written as `URL` would write it too. */
  readonly path: string;
  /** Path and query, as sent. */
  readonly target: string;
  readonly headers: Fields;
  /** The client's address, as the socket knows it: no header is believed. */
  readonly address: string;
  /** Bytes of the body, as declared; -1: in chunks. */
  readonly length: number;
  /**
   * The whole body, at most LIMIT bytes. Rejects with a `ProtocolError`: 413 when it is longer, 400
   * when the client broke off. What is not read is thrown away.
   */
  read(limit: number): Promise<Buffer>;
  /** The same when all of it is here already, as small ones are; else null. Throws where `read` rejects. */
  peek(limit: number): Buffer | null;
  /** LISTENER is called when the client leaves before it has its whole answer. One at a time. */
  onGone(listener: () => void): void;
}

/** What a request needs of its connection. */
interface Line {
  readonly address: string;
  /** Where bodies are kept until their requests are answered. */
  readonly room: Room;
  /** Stops and goes on reading from the client. */
  pause(): void;
  resume(): void;
  /** The client may send its body now. */
  invite(): void;
  /** Answers in the handler's place, and closes. */
  refuse(error: ProtocolError): void;
}

/** Kept of a body that nobody has asked for yet. */
const max_unasked_bytes = 65_536;
/** A body that is no larger finds room always: who sends a lot must not keep the others out. */
const max_small_bytes = 65_536;

export class Incoming implements ServerRequest, BodySink {
  readonly head: RequestHead;
  readonly body: BodyReader;
  readonly #line: Line;
  readonly #gathered = new Gathered();
  #size = 0;
  /** Bytes of the room that it takes. */
  #room = 0;
  #limit = 0;
  #wanted: { resolve(body: Buffer): void; reject(error: unknown): void } | null = null;
  #isUnwanted = false;
  #isInvited = false;
  #isGone = false;
  #onGone: (() => void) | null = null;

  constructor(head: RequestHead, body: BodyReader, line: Line) {
    this.head = head;
    this.body = body;
    this.#line = line;
  }

  get method(): string {
    return this.head.method;
  }

  get path(): string {
    return this.head.path;
  }

  get target(): string {
    return this.head.target;
  }

  get headers(): Fields {
    return this.head.fields;
  }

  get address(): string {
    return this.#line.address;
  }

  get length(): number {
    return this.head.length;
  }

  peek(limit: number): Buffer | null {
    if (this.#isGone) throw brokenOff();
    if (this.head.length > limit || this.#size > limit) throw this.#tooLarge();
    return this.body.done ? this.#gathered.take() : null;
  }

  async read(limit: number): Promise<Buffer> {
    return this.peek(limit) ?? (await this.#arrival(limit));
  }

  /** Its client waits to be asked for the body, and may send none when it has its answer. */
  get isUninvited(): boolean {
    return this.head.expectsContinue && !this.#isInvited && !this.body.done && this.#size === 0;
  }

  #arrival(limit: number): Promise<Buffer> {
    if (this.isUninvited) {
      this.#isInvited = true;
      this.#line.invite();
    }
    this.#limit = limit;
    this.#line.resume();
    return new Promise((resolve, reject) => {
      this.#wanted = { resolve, reject };
    });
  }

  onGone(listener: () => void): void {
    this.#onGone = listener;
    if (this.#isGone) listener();
  }

  data(bytes: Buffer): void {
    this.#size += bytes.length;
    if (this.#isUnwanted) return;
    if (this.#wanted && this.#size > this.#limit) {
      this.#wanted.reject(this.#tooLarge());
      this.#wanted = null;
    } else if (this.#size > max_small_bytes && !this.#takeRoom()) {
      this.#line.refuse(new ProtocolError(noRoom, 503));
    } else {
      this.#gathered.add(bytes);
      if (!this.#wanted && this.#size > max_unasked_bytes) this.#line.pause();
    }
  }

  end(): void {
    this.#wanted?.resolve(this.#gathered.take());
    this.#wanted = null;
  }

  /** It was answered: what still comes of its body is thrown away. */
  answered(): void {
    this.#onGone = null;
    this.#discard();
  }

  gone(): void {
    this.#isGone = true;
    this.#wanted?.reject(brokenOff());
    this.#wanted = null;
    this.#discard();
    this.#onGone?.();
    this.#onGone = null;
  }

  #tooLarge(): ProtocolError {
    this.#discard();
    return new ProtocolError("The request body is too large.", 413);
  }

  /** Until it is answered and not only until it is read: handlers keep what they have read. */
  #takeRoom(): boolean {
    if (!this.#line.room.take(this.#size - this.#room)) return false;
    this.#room = this.#size;
    return true;
  }

  #discard(): void {
    this.#isUnwanted = true;
    this.#line.room.give(this.#room);
    this.#room = 0;
    this.#gathered.clear();
    this.#line.resume();
  }
}

const brokenOff = (): ProtocolError =>
  new ProtocolError("The request body ended before it was complete.");

export const noRoom = "Too many large requests are open here. Try again in a moment.";
