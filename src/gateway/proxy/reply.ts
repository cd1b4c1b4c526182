import type { Failure } from "../../shared/failure.ts";
import { Gathered } from "../../shared/http1/gathered.ts";
import type { Whole } from "../reading/whole.ts";
import type { AnswerSink, UpstreamCall } from "../upstream/call.ts";
import type { UpstreamFault } from "../upstream/fault.ts";
import type { ResponseHead } from "../upstream/head.ts";
import { upstreamError } from "./runtime-error.ts";

/** How the beginning of an answer turned out. */
export type ResponseStart =
  | { is: "stream" }
  | { is: "whole"; status: number; contentType: string; body: Buffer; read?: ReadWhole }
  | { is: "fault"; fault: UpstreamFault }
  | { is: "interrupted"; failure: Failure };

/** What came whole, as every protocol takes it (`reading/opening.ts`). */
interface ReadWhole extends Whole {
  /** As it came; null when it had to be put right. */
  text: string | null;
}

/** Where a stream comes from. */
export interface Source {
  /** Several answers are in it, and some have not begun: what has come looks whole, and is not. */
  readonly isUnderWay?: boolean;
  follow(follower: Follower): void;
  pause(): void;
  resume(): void;
  abort(): void;
}

/** Takes over a stream from its first bytes on. */
export interface Follower {
  data(bytes: Buffer): void;
  end(): void;
  fail(fault: UpstreamFault): void;
}

/** One request, or several that look like one. */
type Call = UpstreamCall & Pick<Source, "isUnderWay">;

interface ReplyOptions {
  /** A stream was asked for: it is open as soon as its first bytes are here. */
  stream: boolean;
  maxBytes: number;
}

/**
 * Waits until it is known what a runtime answers: a whole body, or the first bytes of a stream. A
 * failure before that can still be answered with a real status, or be tried on another replica.
 */
export class UpstreamResponse implements AnswerSink, Source {
  readonly opened: Promise<ResponseStart>;
  readonly #open: (opening: ResponseStart) => void;
  readonly #options: ReplyOptions;
  #call: Call | null = null;
  #head: ResponseHead | null = null;
  /** Null until it can be told. */
  #streams: boolean | null = null;
  /** In one piece: a runtime may send a megabyte byte by byte. */
  readonly #gathered = new Gathered();
  #follower: Follower | null = null;
  /** How the stream ended, when it did so before it had a follower. */
  #ending: "none" | "end" | UpstreamFault = "none";

  constructor(options: ReplyOptions) {
    this.#options = options;
    const { promise, resolve } = Promise.withResolvers<ResponseStart>();
    this.opened = promise;
    this.#open = resolve;
  }

  /** The call that this is the answer of. */
  answers(call: Call): void {
    this.#call = call;
  }

  get isUnderWay(): boolean {
    return this.#call?.isUnderWay ?? false;
  }

  /** FOLLOWER gets what has come, now, and everything that comes. */
  follow(follower: Follower): void {
    this.#follower = follower;
    if (this.#gathered.size > 0) follower.data(this.#gathered.take());
    if (this.#ending === "end") follower.end();
    else if (this.#ending !== "none") follower.fail(this.#ending);
  }

  pause(): void {
    this.#call?.pause();
  }

  resume(): void {
    this.#call?.resume();
  }

  abort(): void {
    this.#call?.abort();
  }

  interrupt(failure: Failure): void {
    this.abort();
    this.#open({ is: "interrupted", failure });
  }

  head(head: ResponseHead): void {
    this.#head = head;
  }

  data(bytes: Buffer): void {
    if (this.#follower) {
      this.#follower.data(bytes);
      return;
    }
    this.#gathered.add(bytes);
    if (this.#streams === null) this.#streams = this.#begins();
    if (this.#streams) this.#open({ is: "stream" });
    else if (this.#gathered.size > this.#options.maxBytes) {
      this.interrupt(upstreamError("The runtime's answer is too long to be passed on."));
    }
  }

  end(): void {
    if (this.#follower) this.#follower.end();
    else if (this.#streams && this.#gathered.size > 0) this.#ending = "end";
    else this.#open(this.#whole());
  }

  fail(fault: UpstreamFault): void {
    if (this.#follower) this.#follower.fail(fault);
    else if (this.#streams && this.#gathered.size > 0) this.#ending = fault;
    else this.#open({ is: "fault", fault });
  }

  /** Whether a stream begins here: services send JSON under the name of one, and streams under any name. */
  #begins(): boolean | null {
    if (!this.#options.stream || this.#head?.status !== 200) return false;
    const isNamed = isEventStream(this.#head);
    const beginning = this.#gathered.first(64).toString("utf8").trimStart();
    if (beginning.startsWith("{")) return false;
    if (isNamed || /^(data|event|id|retry)?:/.test(beginning)) return true;
    return beginning.length < longestField ? null : false;
  }

  #whole(): ResponseStart {
    return {
      is: "whole",
      status: this.#head?.status ?? 0,
      contentType: this.#head?.headers.get("content-type") ?? "application/json",
      body: this.#gathered.take(),
    };
  }
}

const isEventStream = (head: ResponseHead): boolean =>
  /^text\/event-stream/i.test(head.headers.get("content-type") ?? "");

const longestField = "event:".length;
