import { Gathered } from "../../shared/http1/gathered.ts";
import type { Claim, TokenCounts } from "../ports.ts";
import { dataFrame, doneFrame, errorFrame } from "../proxy/frames.ts";
import { upstreamError } from "../proxy/runtime-error.ts";
import type { Tokens } from "../proxy/tokens.ts";
import { isObject, parseJson } from "../request/json.ts";
import type { AnswerSink, UpstreamCall } from "../upstream/call.ts";
import { UpstreamFault } from "../upstream/fault.ts";
import type { ResponseHead } from "../upstream/head.ts";
import type { Divided, Piece } from "./divide.ts";
import { mergedChunk, usageChunk } from "./merged.ts";
import { PieceStream } from "./piece-stream.ts";
import { Tally } from "./tally.ts";

type Json = Record<string, unknown>;

export interface FanOutParts {
  divided: Divided;
  stream: boolean;
  /** Hears of one answer, as if the request had gone up as it came. */
  sink: AnswerSink;
  /** The most that a whole answer may be. */
  max_bytes: number;
  places: Pick<Claim, "widen" | "share">;
  send(body: string, sink: AnswerSink): UpstreamCall;
  /** A piece has ended. */
  made(): void;
}

/**
 * The pieces of one request on one replica: as many at a time as its claim may have places, so that requests of
 * others come in between, and together they look like one answer with the usage of all.
 */
export class FanOut implements UpstreamCall {
  readonly #parts: FanOutParts;
  readonly #tally = new Tally();
  readonly #calls = new Map<number, UpstreamCall>();
  readonly #answers: Json[] = [];
  #next = 0;
  /** Places that the pieces take which are being worked on. */
  #held = 0;
  #left: number;
  #bytes = 0;
  #head: ResponseHead | null = null;
  /** Of the first chunk. */
  #first: Json | null = null;
  #isPaused = false;
  #isOver = false;
  #isFilling = false;

  constructor(parts: FanOutParts) {
    this.#parts = parts;
    this.#left = parts.divided.pieces.length;
  }

  /** Some of it has not come. */
  get isUnderWay(): boolean {
    return this.#left > 0;
  }

  /** Some of it has not begun. */
  get hasMore(): boolean {
    return this.#next < this.#parts.divided.pieces.length;
  }

  get tokens(): Tokens {
    return this.#tally.tokens;
  }

  /** A request for the prompts that were begun and not counted; null when there are none. */
  get uncounted(): string | null {
    const { uncounted } = this.#tally;
    return uncounted.length === 0 ? null : this.#parts.divided.bodyOf(uncounted);
  }

  /** What it took, when those took MORE. */
  with(more: TokenCounts): TokenCounts {
    const { prompt_tokens, prompt_tokens_details } = this.#tally.usage;
    return {
      prompt_tokens: prompt_tokens + more.prompt_tokens,
      completion_tokens: more.completion_tokens,
      cached_tokens: prompt_tokens_details.cached_tokens,
    };
  }

  start(): void {
    // A piece that fails at once must not start the next one from within.
    if (this.#isFilling) return;
    this.#isFilling = true;
    const { divided, places } = this.#parts;
    while (!this.#isOver && !this.#isPaused) {
      const piece = divided.pieces[this.#next];
      const share = places.share?.() ?? 1;
      if (!piece || (this.#held > 0 && this.#held + piece.places > share)) break;
      this.#next++;
      this.#begin(piece);
      places.widen?.(this.#held);
    }
    this.#isFilling = false;
  }

  pause(): void {
    this.#isPaused = true;
    for (const call of this.#calls.values()) call.pause();
  }

  resume(): void {
    this.#isPaused = false;
    for (const call of this.#calls.values()) call.resume();
    this.start();
  }

  abort(): void {
    this.#isOver = true;
    for (const call of this.#calls.values()) call.abort();
    this.#calls.clear();
  }

  #begin(piece: Piece): void {
    const { stream, send } = this.#parts;
    this.#tally.begin(piece.index, piece);
    this.#held += piece.places;
    const sink = stream ? this.#streamed(piece) : this.#whole(piece);
    this.#calls.set(piece.index, send(piece.body(), sink));
  }

  #whole(piece: Piece): AnswerSink {
    const { index } = piece;
    const body = new Gathered();
    let head: ResponseHead | null = null;
    return {
      head: (its) => {
        head = its;
      },
      data: (bytes) => {
        body.add(bytes);
        this.#bytes += bytes.length;
        if (this.#bytes > this.#parts.max_bytes) this.#tooLong();
      },
      end: () => {
        const text = body.take();
        const answer = head?.status === 200 ? parseJson(text.toString("utf8")) : null;
        if (!head || !isObject(answer) || !this.#parts.divided.isAnswer(answer)) {
          this.#refused(index, head, text);
          return;
        }
        this.#head ??= head;
        this.#answers[index] = answer;
        const { usage, choices } = answer;
        this.#done(piece, usage, usage || !choices ? 0 : JSON.stringify(choices).length);
      },
      fail: (fault) => this.#fail(index, fault),
    };
  }

  #streamed(piece: Piece): AnswerSink {
    const { index } = piece;
    return new PieceStream({
      begun: (head) => {
        if (this.#head) return;
        this.#head = head;
        this.#parts.sink.head(head);
      },
      chunk: (chunk, hasContent) => {
        this.#first ??= chunk;
        if (hasContent) this.#tally.frame(index);
        const merged = mergedChunk(chunk, index, this.#first);
        if (merged && !this.#isOver) this.#parts.sink.data(dataFrame(merged));
      },
      done: (usage, characters) => this.#done(piece, usage, characters),
      refused: (head, body) => this.#refused(index, head, body),
      fail: (fault) => this.#fail(index, fault),
    });
  }

  #done({ index, places }: Piece, usage: unknown, characters: number): void {
    if (this.#isOver) return;
    this.#calls.delete(index);
    this.#held -= places;
    this.#parts.places.widen?.(Math.max(1, this.#held));
    this.#tally.end(index, usage, characters);
    this.#left--;
    this.#parts.made();
    if (this.#isOver) return;
    if (this.#left > 0) {
      this.start();
      return;
    }
    this.#isOver = true;
    const { divided, sink, stream } = this.#parts;
    if (stream) sink.data(dataFrame(usageChunk(this.#first ?? {}, this.#tally.usage)));
    if (stream) sink.data(doneFrame);
    else {
      if (this.#head) sink.head(this.#head);
      sink.data(Buffer.from(JSON.stringify(divided.merged(this.#answers, this.#tally.usage))));
    }
    sink.end();
  }

  /** One piece was refused, and so is the request. */
  #refused(index: number, head: ResponseHead | null, body: Buffer): void {
    if (this.#isOver) return;
    this.#calls.delete(index);
    this.#tally.drop(index);
    this.abort();
    const { sink, stream } = this.#parts;
    if (stream && this.#head) {
      const said = parseJson(body.toString("utf8"));
      sink.data(isObject(said) && "error" in said ? dataFrame(said) : brokenOff);
      return;
    }
    if (head) sink.head(head);
    sink.data(body);
    sink.end();
  }

  #fail(index: number, fault: UpstreamFault): void {
    if (this.#isOver) return;
    this.#calls.delete(index);
    if (fault.phase !== "body") this.#tally.drop(index);
    this.abort();
    // Pieces that have ended make a stream look whole.
    if (this.#parts.stream && this.#head) this.#parts.sink.data(brokenOff);
    else this.#parts.sink.fail(fault);
  }

  #tooLong(): void {
    if (this.#isOver) return;
    this.abort();
    const text = "The runtime's answer is too long to be passed on.";
    this.#parts.sink.fail(new UpstreamFault("protocol", "body", text));
  }
}

const brokenOff = errorFrame(upstreamError("The runtime broke off in the middle of its answer."));
