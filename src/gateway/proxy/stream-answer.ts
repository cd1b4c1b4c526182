import type { Failure } from "../../shared/failure.ts";
import { BodyStream, type Reader } from "../../shared/http1/body-stream.ts";
import type { StreamTap } from "../protocols/stream-tap.ts";
import type { UpstreamFault } from "../upstream/fault.ts";
import type { CancellationTarget, Exchange } from "./exchange.ts";
import { pingFrame } from "./frames.ts";
import type { Follower, Source } from "./reply.ts";
import { runtimeTimeout, upstreamError } from "./runtime-error.ts";
import { noTokens, type Tokens } from "./tokens.ts";

const nothing = Buffer.alloc(0);

/**
 * A stream on its way to a client. Whatever ends it (the runtime's `[DONE]`, an error, a stall, the
 * client) ends it once: first the row is written, then the client gets its last bytes.
 */
export class StreamAnswer implements Follower, CancellationTarget, Reader {
  /** Set when the stream failed before the client got a status: it gets a real one then. */
  earlyFailure: Failure | null = null;
  readonly #exchange: Exchange;
  readonly #reply: Source;
  readonly #tap: StreamTap;
  readonly client: BodyStream;
  #begun: boolean;
  #ended = false;

  /** OPENED: the client's stream when it has its status already. */
  constructor(exchange: Exchange, reply: Source, tap: StreamTap, opened: BodyStream | null = null) {
    this.#exchange = exchange;
    this.#reply = reply;
    this.#tap = tap;
    this.#begun = opened !== null;
    this.client = opened ?? new BodyStream(this);
    opened?.tell(this);
    exchange.begin(this, "tokens");
    reply.follow(this);
    this.#begun = true;
  }

  /** What it took, as the runtime says, or as far as can be told. */
  get tokens(): Tokens {
    const { tokens, generated } = this.#tap;
    if (this.earlyFailure && generated.frames === 0) return noTokens;
    return this.#exchange.tokensOf(tokens, generated);
  }

  data(bytes: Buffer): void {
    if (this.#ended) return;
    this.#exchange.heard();
    this.client.write(this.#tap.push(bytes));
    if (this.#tap.generated.frames > 0) this.#exchange.firstToken();
    if (this.#tap.failure) this.#break(this.#tap.failure);
    else if (this.#tap.stopped) this.#complete();
  }

  /** The runtime has closed its stream. */
  end(): void {
    if (this.#ended) return;
    this.client.write(this.#tap.end());
    if (this.#tap.generated.frames > 0) this.#exchange.firstToken();
    if (this.#tap.failure) this.#break(this.#tap.failure);
    else this.#complete();
  }

  /**
   * The runtime is done. Most clients take an end without `finish_reason` for success and show half an
   * answer as a whole one, so it has to become an error here.
   */
  #complete(): void {
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
    const isWhole = this.#tap.finished && !this.#reply.isUnderWay;
    if (failure.status === 499) this.#finish(isWhole ? 200 : 499, nothing);
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

  #break(failure: Failure): void {
    this.#reply.abort();
    if (this.#begun) this.#finish(failure.status, this.#tap.broken(failure));
    else {
      this.#ended = true;
      this.earlyFailure = failure;
    }
  }

  #finish(status: number, last: Buffer): void {
    if (this.#ended) return;
    this.#ended = true;
    if (status !== 200) this.#reply.abort();
    void this.#exchange.settle(status, this.tokens).then(() => {
      this.client.write(last);
      this.client.end();
      // Nearly always a no-op: by now the runtime's last bytes are here and its connection is kept.
      this.#reply.abort();
    });
  }
}
