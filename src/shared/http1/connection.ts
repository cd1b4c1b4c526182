import type { Socket } from "bun";
import {
  type Answer,
  encodeAnswer,
  encodeHead,
  encodeRefusal,
  isBodyless,
  streamFraming,
} from "./answer.ts";
import { BodyReader } from "./body-reader.ts";
import { BodyStream } from "./body-stream.ts";
import { Incoming, noRoom } from "./incoming.ts";
import { Input } from "./input.ts";
import { Outbox } from "./outbox.ts";
import { lateness, type Pace } from "./patience.ts";
import { ProtocolError } from "./protocol-error.ts";
import type { RequestHead } from "./request-head.ts";
import type { Room } from "./room.ts";
import type { Service } from "./service.ts";
import { StreamOutlet } from "./stream-outlet.ts";

const invitation = Buffer.from("HTTP/1.1 100 Continue\r\n\r\n");
const slow = "The request took too long to arrive.";

/** One client's connection: its requests one after the other, whatever it sends ahead. */
export class Connection {
  readonly #service: Service;
  readonly #socket: Socket<unknown>;
  readonly #outbox: Outbox;
  readonly #pace: Pace;
  readonly #input: Input;
  #request: Incoming | null = null;
  /** The body that is being streamed. */
  #stream: BodyStream | null = null;
  #keepAlive = true;
  /** The answer is complete, though some of it may wait for the client, and the client's body for us. */
  #answered = false;
  #paused = false;
  /** Whatever the client still sends is thrown away. */
  #closing = false;
  /** The client has closed its side. */
  #ended = false;
  #gone = false;

  constructor(socket: Socket<unknown>, service: Service) {
    this.#socket = socket;
    this.#service = service;
    this.#outbox = new Outbox(socket);
    this.#input = new Input(service.room);
    this.#pace = { doing: "opening", since: service.now, received: 0, moved_at: service.now };
  }

  get address(): string {
    return this.#socket.remoteAddress;
  }

  get room(): Room {
    return this.#service.room;
  }

  /** No request is being answered. */
  get idle(): boolean {
    return this.#request === null && this.#outbox.empty;
  }

  received(bytes: Buffer): void {
    if (this.#closing) return;
    this.#pace.received += bytes.length;
    if (this.#request && !this.#request.body.done) this.#readBody(this.#request, bytes);
    else this.#input.add(bytes);
    this.#next();
    if (!this.#input.isFull) return;
    this.pause();
    if (!this.#input.reserve()) this.refuse(new ProtocolError(noRoom, 503));
  }

  /** The kernel takes more again. */
  drained(): void {
    if (this.#outbox.empty) return;
    this.#pace.moved_at = this.#service.now;
    if (!this.#outbox.flush()) return;
    this.#stream?.drained();
    this.#proceed();
  }

  /**
   * The client sends no more. Nearly always it has left, and a runtime must not work for nobody: what it
   * waits for is given up, as nginx and Go's server do. An answer that is complete is still delivered.
   */
  ended(): void {
    this.#ended = true;
    this.#keepAlive = false;
    if (this.#answered && !this.#outbox.empty) this.#closing = true;
    else this.#socket.end();
  }

  lost(): void {
    if (this.#gone) return;
    this.#gone = true;
    this.#closing = true;
    this.#outbox.clear();
    this.#input.clear();
    this.#stream = null;
    this.#request?.gone();
    this.#request = null;
  }

  /** Closes what has no request, or what takes too long. */
  tick(now: number): void {
    if (this.#outbox.empty) this.#pace.moved_at = now;
    const late = lateness(this.#pace, now);
    if (late === "answer" && !this.#answered) this.refuse(new ProtocolError(slow, 408));
    else if (late === null) return;
    // Not reset, so that what is with the kernel can still arrive.
    else if (this.#outbox.empty) this.#socket.end();
    else this.abort();
  }

  close(): void {
    if (this.idle && !this.#closing) this.#hangUp();
    else this.#keepAlive = false;
  }

  /** Ends it at once, with whatever is on its way. */
  abort(): void {
    this.#socket.terminate();
  }

  pause(): void {
    if (this.#paused || this.#closing) return;
    this.#paused = true;
    this.#socket.pause();
  }

  resume(): void {
    if (!this.#paused || this.#gone || this.#input.isFull) return;
    this.#paused = false;
    this.#input.giveBack();
    this.#socket.resume();
  }

  invite(): void {
    this.send(invitation);
  }

  /** Answers what is no request, or what cannot go on, and closes. */
  refuse(error: unknown): void {
    // Behind the beginning of an answer, another one would be taken for a part of it.
    if (this.#stream) {
      this.abort();
      return;
    }
    const request = this.#request;
    this.#request = null;
    this.#closing = true;
    this.#keepAlive = false;
    request?.gone();
    if (!this.#answered) {
      this.send(encodeRefusal(this.#service.refuse(error)));
      this.#answered = true;
    }
    this.#enter("answering");
    this.#proceed();
  }

  #readBody(request: Incoming, bytes: Buffer): void {
    try {
      this.#input.add(request.body.push(bytes, request));
    } catch (error) {
      this.refuse(error);
      return;
    }
    if (this.#request !== request || !request.body.done) return;
    this.#enter("answering");
    this.#proceed();
  }

  /** Begins the next request, when its head is here. */
  #next(): void {
    if (this.#request !== null || this.#closing) return;
    try {
      const head = this.#input.takeHead();
      if (head) this.#begin(head);
      else if (!this.#input.empty && this.#pace.doing !== "head") this.#enter("head");
    } catch (error) {
      this.refuse(error);
    }
  }

  #begin(head: RequestHead): void {
    this.#keepAlive = head.keepAlive && !this.#service.stopping;
    const request = new Incoming(head, new BodyReader(head.length), this);
    this.#request = request;
    this.#enter(request.body.done ? "answering" : "body");
    if (!request.body.done) this.#readBody(request, this.#input.take());
    if (this.#request !== request) return;
    const answer = this.#service.handle(request);
    if (!(answer instanceof Promise)) this.#answer(request, answer);
    else {
      answer.then(
        (answer) => this.#answer(request, answer),
        (error) => this.#answer(request, this.#service.refuse(error)),
      );
    }
  }

  #answer(request: Incoming, answer: Answer): void {
    if (this.#request !== request || this.#answered) return;
    // It may go on with its body or with its next request, and nobody can tell which (RFC 9110 10.1.1).
    if (request.isUninvited) this.#keepAlive = false;
    const { head } = request;
    const { body } = answer;
    if (body instanceof BodyStream) {
      this.#answerStream(request, answer, isBodyless(answer, head) ? null : body);
      return;
    }
    for (const part of encodeAnswer(answer, body ?? "", head, this.#keepAlive)) this.send(part);
    this.done();
  }

  /** STREAM: null when the client is to get the head alone. */
  #answerStream(request: Incoming, answer: Answer, stream: BodyStream | null): void {
    const framing = streamFraming(request.head);
    if (framing === "close") this.#keepAlive = false;
    this.send(encodeHead(answer, request.head, framing, this.#keepAlive));
    if (stream === null) {
      // Whoever writes the stream has to hear that nobody reads it.
      request.gone();
      this.done();
      return;
    }
    this.#stream = stream;
    this.#pace.doing = "answering";
    stream.flowTo(new StreamOutlet(framing === "chunks", this));
  }

  /** The answer is complete. */
  done(): void {
    this.#stream = null;
    this.#answered = true;
    this.#request?.answered();
    if (this.#request?.body.done === false) this.#enter("body");
    this.#proceed();
  }

  /** Goes on to the next request when the answer has left and all of the request is here. */
  #proceed(): void {
    if (!this.#answered || !this.#outbox.empty || this.#gone) return;
    const request = this.#request;
    if (request && !request.body.done && !request.isUninvited && !this.#closing) return;
    this.#request = null;
    this.#answered = false;
    if (!this.#keepAlive) {
      this.#hangUp();
      return;
    }
    this.#enter("idle");
    this.resume();
    // What was sent ahead; in a separate turn, so that a long queue does not hold the others up.
    if (!this.#input.empty) setImmediate(() => this.#next());
  }

  /**
   * Says that nothing more comes, and waits a little for the client to close: with bytes of it unread,
   * closing would reset the connection, and the client might never see the answer.
   */
  #hangUp(): void {
    this.#closing = true;
    this.#input.clear();
    this.#enter("closing");
    this.resume();
    if (this.#ended) this.#socket.end();
    else this.#socket.shutdown();
  }

  #enter(doing: Pace["doing"]): void {
    const { now } = this.#service;
    this.#pace.doing = doing;
    this.#pace.since = now;
    this.#pace.moved_at = now;
    this.#pace.received = 0;
  }

  /** False when the kernel does not take all of it; the rest follows on its own. */
  send(data: Uint8Array | string): boolean {
    if (this.#gone) return true;
    const hasLeft = this.#outbox.send(data);
    if (hasLeft) this.#pace.moved_at = this.#service.now;
    return hasLeft;
  }
}
