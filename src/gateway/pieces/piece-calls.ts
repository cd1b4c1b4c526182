/** Asks an engine for the pieces of one request, some at a time, and answers as if it had been asked once. */
import type { Failure } from "../../shared/failure.ts";
import { noTokens, sum, type Tokens } from "../proxy/tokens.ts";
import { asStream } from "../reading/as-stream.ts";
import { wholeOf } from "../reading/whole.ts";
import type { Kind } from "../request/allow-list.ts";
import { parseJson } from "../request/json.ts";
import type { AnswerSink, UpstreamCall } from "../upstream/call.ts";
import { UpstreamFault } from "../upstream/fault.ts";
import { parseHead } from "../upstream/head.ts";
import { joined, placed, type Single } from "./split.ts";

type Json = Readonly<Record<string, unknown>>;

export interface PieceWork {
  kind: Kind;
  stream: boolean;
  /** What the client sent. */
  body: Json;
  singles: readonly Single[];
  /** How many are asked for at once. */
  width: number;
  /** Asks for one of them; rejects with an UpstreamFault. */
  ask(body: Json, signal: AbortSignal): Promise<{ status: number; text: string }>;
  /** A piece is done. Returns why no further one may begin: a budget is spent. */
  made(tokens: Tokens): Failure | null;
  /** Ends the request for that reason. */
  refuse(failure: Failure): void;
  /** What to say of an error that is not the runtime's. */
  failureOf(error: unknown): Failure;
}

const done = Buffer.from("data: [DONE]\n\n");

/** What SINK hears is one answer of one runtime. */
export class PieceCalls implements UpstreamCall {
  readonly #work: PieceWork;
  readonly #sink: AnswerSink;
  readonly #left = new AbortController();
  readonly #answers: Json[] = [];
  #usage: Tokens = noTokens;
  #next = 0;
  #running = 0;
  #hasBegun = false;
  #isOver = false;

  constructor(work: PieceWork, sink: AnswerSink) {
    this.#work = work;
    this.#sink = sink;
    this.#fill();
  }

  /** The pieces are small: what a slow reader does not take is bounded by what it asked for. */
  pause(): void {}

  resume(): void {}

  abort(): void {
    this.#isOver = true;
    this.#left.abort();
  }

  #fill(): void {
    const { singles, width } = this.#work;
    while (!this.#isOver && this.#running < width) {
      const single = singles[this.#next];
      if (!single) break;
      this.#next++;
      this.#running++;
      this.#ask(single).then(
        () => this.#ended(),
        (error: unknown) => this.#failed(error),
      );
    }
  }

  async #ask(single: Single): Promise<void> {
    const { ask, kind, made, refuse } = this.#work;
    const { status, text } = await ask(single.body, this.#left.signal);
    if (this.#isOver) return;
    const answer = parseJson(text) as Json | null;
    const whole = status === 200 && answer ? wholeOf(answer, kind) : status;
    if (typeof whole === "number") {
      // 200 that is no JSON is told as such by whoever reads it.
      this.#refused(whole, text);
      return;
    }
    const tokens = tokensOf(whole.tokens, whole.generated?.tokens ?? 0, single);
    this.#usage = sum(this.#usage, tokens);
    const spent = made(tokens);
    this.#say(placed(whole.answer, single));
    if (!spent || this.#next >= this.#work.singles.length) return;
    this.abort();
    refuse(spent);
  }

  #say(answer: Json): void {
    if (!this.#work.stream) {
      this.#answers.push(answer);
      return;
    }
    this.#begin(200, "text/event-stream");
    const { usage: _, ...rest } = answer;
    const frames = asStream(rest);
    this.#sink.data(frames.subarray(0, frames.length - done.length));
    this.#answers[0] ??= rest;
  }

  #ended(): void {
    this.#running--;
    if (this.#isOver) return;
    this.#fill();
    if (this.#running > 0) return;
    this.#isOver = true;
    const usage = usageOf(this.#usage);
    if (this.#work.stream) {
      const last = { ...this.#answers[0], choices: [], usage };
      this.#sink.data(Buffer.from(`data: ${JSON.stringify(last)}\n\n`));
      this.#sink.data(done);
    } else {
      this.#begin(200, "application/json");
      const whole = joined(this.#answers, this.#work.body, usage);
      this.#sink.data(Buffer.from(JSON.stringify(whole)));
    }
    this.#sink.end();
  }

  /** The engine's own answer, where nothing else was said yet. */
  #refused(status: number, text: string): void {
    if (this.#hasBegun) {
      this.#failed(new UpstreamFault("protocol", "body", "A piece of the request was refused."));
      return;
    }
    this.abort();
    this.#begin(status, "application/json");
    this.#sink.data(Buffer.from(text));
    this.#sink.end();
  }

  #failed(error: unknown): void {
    this.#running--;
    if (this.#isOver) return;
    this.abort();
    if (!(error instanceof UpstreamFault)) {
      this.#work.refuse(this.#work.failureOf(error));
      return;
    }
    // What was made is not made again elsewhere.
    const phase = this.#usage === noTokens ? error.phase : "body";
    this.#sink.fail(new UpstreamFault(error.kind, phase, "A piece was not answered."));
  }

  #begin(status: number, type: string): void {
    if (this.#hasBegun) return;
    this.#hasBegun = true;
    const head = Buffer.from(`HTTP/1.1 ${status} \r\ncontent-type: ${type}\r\n`);
    this.#sink.head(parseHead(head, head.length));
  }
}

/** A prompt that several answers are made to is counted once, as OpenAI does. */
function tokensOf(said: Tokens | null, generated: number, { repeats, body }: Single): Tokens {
  const guess = { ...noTokens, prompt_tokens: Math.ceil(JSON.stringify(body).length / 4) };
  const tokens = said ?? { ...guess, completion_tokens: generated, source: "estimated" as const };
  return repeats ? { ...tokens, prompt_tokens: 0, cached_tokens: 0 } : tokens;
}

function usageOf({ prompt_tokens, completion_tokens, cached_tokens }: Tokens): Json {
  const total_tokens = prompt_tokens + completion_tokens;
  // Embeddings and ranks generate nothing.
  if (completion_tokens === 0) return { prompt_tokens, total_tokens };
  const prompt_tokens_details = { cached_tokens };
  return { prompt_tokens, completion_tokens, total_tokens, prompt_tokens_details };
}
