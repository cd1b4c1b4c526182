import type { Failure } from "../../shared/failure.ts";
import type { Answer } from "../../shared/http1/answer.ts";
import { BodyStream, type Reader } from "../../shared/http1/body-stream.ts";
import type { Claim, Wake } from "../ports.ts";
import { eventStream } from "../protocols/event-stream.ts";
import type { CancellationTarget, Exchange } from "./exchange.ts";
import { pingFrame, wakingFrame } from "./frames.ts";

export interface HoldOptions {
  id: string;
  exchange: Pick<Exchange, "begin" | "hasWaited">;
  /** Its client wants a stream, and so can be told that it waits. */
  stream: boolean;
  /** How long it may wait. */
  limit_ms: number;
  /** How its protocol tells of a failure inside of a stream. */
  broken(failure: Failure): Buffer;
  /** Headers of the answer. */
  headers(): Readonly<Record<string, string>>;
  /** A wake that is quicker leaves the answer its real status. */
  grace_ms: number;
  /** A stream hears so often that it waits. */
  comment_ms: number;
  now(): number;
}

/**
 * A request that waits for its endpoint to wake. A stream is opened when the grace is over: it gets
 * comments, which every client skips (WHATWG HTML 9.2.6), and can from then on fail only inside.
 */
export class Hold implements CancellationTarget, Reader {
  /** The answer of a stream that was opened. */
  readonly opened: Promise<Answer>;
  /** Set once the client has its status. */
  client: BodyStream | null = null;
  readonly #options: HoldOptions;
  readonly #since: number;
  readonly #leaving = new AbortController();
  readonly #answer = Promise.withResolvers<Answer>();
  #wake: Wake | null = null;
  #commentedAt = 0;

  constructor(options: HoldOptions) {
    this.#options = options;
    this.#since = options.now();
    this.opened = this.#answer.promise;
  }

  /** Waits for WAKE. Rejects with the failure that ended it. */
  async until(wake: Wake): Promise<Claim> {
    const { exchange, now } = this.#options;
    const since = now();
    this.#wake = wake;
    exchange.begin(this, "wake");
    try {
      const claim = await wake.wait(this.#leaving.signal);
      // It may have been interrupted between being given its place and hearing of it.
      if (!this.#leaving.signal.aborted) return claim;
      claim.release();
      throw this.#leaving.signal.reason;
    } finally {
      this.#wake = null;
      exchange.hasWaited(now() - since);
    }
  }

  /** Goes on telling the client of an opened stream that it is alive, while ACTIVITY is what is done. */
  during(activity: CancellationTarget): CancellationTarget {
    return {
      interrupt: (failure) => activity.interrupt(failure),
      ping: () => this.client?.write(pingFrame),
    };
  }

  /** Ends an opened stream with FAILURE. */
  endWith(failure: Failure): void {
    this.client?.write(this.#options.broken(failure));
    this.client?.end();
  }

  interrupt(failure: Failure): void {
    this.#leaving.abort(failure);
  }

  tick(now: number): void {
    const { limit_ms, grace_ms, comment_ms, stream } = this.#options;
    const waited = now - this.#since;
    if (!this.#wake) return;
    if (waited >= limit_ms) this.interrupt(this.#wake.refusal());
    else if (!stream) return;
    else if (!this.client) {
      if (waited >= grace_ms) this.#open(now);
    } else if (now - this.#commentedAt >= comment_ms) this.#comment(now);
  }

  slow(): void {
    // A few bytes every few seconds: the kernel's buffer holds them.
  }

  ready(): void {
    // As above.
  }

  #open(now: number): void {
    this.client = new BodyStream(this);
    this.#comment(now);
    this.#answer.resolve(eventStream(this.client, this.#options.id, this.#options.headers()));
  }

  #comment(now: number): void {
    this.#commentedAt = now;
    this.client?.write(wakingFrame(this.#wake?.eta_ms() ?? 0));
  }
}
