import type { Failure } from "../failure.ts";
import { ClientStream, type Reader } from "./client-stream.ts";
import { type Activity, clientGone, type Exchange } from "./exchange.ts";
import { doneFrame, errorFrame, pingFrame } from "./frames.ts";
import type { Follower, Reply } from "./reply.ts";
import { runtimeTimeout, upstreamError } from "./runtime-error.ts";
import { Tap } from "./tap.ts";
import type { UpstreamFault } from "./upstream/fault.ts";

/**
 * A stream on its way to a client. Whatever ends it (the runtime's `[DONE]`, an error, a stall, the
 * client) ends it once: first the row is written, then the client gets its last bytes.
 */
export class StreamAnswer implements Follower, Activity, Reader {
  /** Set when the stream failed before the client got a status: it gets a real one then. */
  earlyFailure: Failure | null = null;
  readonly #exchange: Exchange;
  readonly #reply: Reply;
  readonly #tap: Tap;
  readonly client: ClientStream;
  #begun: boolean;
  #ended = false;

  /** OPENED: the client's stream when it has its status already. */
  constructor(
    exchange: Exchange,
    reply: Reply,
    keepUsage: boolean,
    opened: ClientStream | null = null,
  ) {
    this.#exchange = exchange;
    this.#reply = reply;
    this.#tap = new Tap(keepUsage);
    this.#begun = opened !== null;
    this.client = opened ?? new ClientStream(this);
    opened?.tell(this);
    exchange.begin(this, "tokens");
    reply.follow(this);
    this.#begun = true;
  }

  data(bytes: Buffer): void {
    if (this.#ended) return;
    this.#exchange.heard();
    this.client.write(this.#tap.push(bytes));
    if (this.#tap.contentFrames > 0) this.#exchange.firstToken();
    if (this.#tap.failure) this.#break(this.#tap.failure);
    else if (this.#tap.stopped) this.end();
  }

  /**
   * The runtime is done. Most clients take an end without `finish_reason` for success and show half an
   * answer as a whole one, so it has to become an error here.
   */
  end(): void {
    if (this.#tap.finished) this.#finish(200, this.#tap.tail());
    else this.#break(upstreamError("The runtime's answer ended before it was complete."));
  }

  fail(fault: UpstreamFault): void {
    if (this.#tap.finished) this.#finish(200, this.#tap.tail());
    else if (fault.kind === "timeout") this.#break(runtimeTimeout(fault.message));
    else this.#break(upstreamError("The runtime broke off in the middle of its answer."));
  }

  interrupt(failure: Failure): void {
    // Who leaves after `finish_reason` has had everything.
    if (failure.status === 499) this.#finish(this.#tap.finished ? 200 : 499, doneFrame);
    else this.#break(failure);
  }

  ping(): void {
    this.client.write(pingFrame);
  }

  slow(): void {
    this.#reply.pause();
    this.#exchange.waitFor("client");
  }

  ready(): void {
    if (this.#ended) return;
    this.#exchange.waitFor("tokens");
    this.#reply.resume();
  }

  gone(): void {
    this.interrupt(clientGone());
  }

  #break(failure: Failure): void {
    this.#reply.abort();
    if (this.#begun) this.#finish(failure.status, Buffer.concat([errorFrame(failure), doneFrame]));
    else {
      this.#ended = true;
      this.earlyFailure = failure;
    }
  }

  #finish(status: number, last: Buffer): void {
    if (this.#ended) return;
    this.#ended = true;
    if (status !== 200) this.#reply.abort();
    const tokens = this.#tap.tokens ?? this.#exchange.guess(this.#tap.contentFrames);
    void this.#exchange.settle(status, tokens).then(() => {
      this.client.write(last);
      this.client.end();
      // Nearly always a no-op: by now the runtime's last bytes are here and its connection is kept.
      this.#reply.abort();
    });
  }
}
