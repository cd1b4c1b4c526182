/** A runtime's stream, chunk by chunk, as the OpenAI API says that it ought to be. */
import type { Failure } from "../../shared/failure.ts";
import { failureFromFrame, upstreamError } from "../proxy/runtime-error.ts";
import { Generated, type Tokens, tokensBeside } from "../proxy/tokens.ts";
import { isObject } from "../request/json.ts";
import { Calls } from "./calls.ts";
import { isError } from "./error.ts";
import { finishOf, isBroken } from "./finish.ts";
import { charactersIn, textOf, withPlainContent, withToolCall } from "./message.ts";
import { saysMore, usageIn } from "./usage.ts";

type Json = Record<string, unknown>;

/** One of the answers that a stream holds. */
interface Answer {
  readonly calls: Calls;
  finish: string | null;
  isText: boolean;
}

/**
 * Every slip of a service is put right here, for all protocols. Those that pass bytes through show only the
 * chunks that can mean more than words, and count the others in `generated`.
 */
export class Chunks {
  failure: Failure | null = null;
  /** A chunk was not as it ought to be: none that follow can be trusted to be. */
  slipped = false;
  readonly generated = new Generated();
  /** The usage that was said last, in the names of a chat. */
  usage: Json | null = null;
  /** What a client must still be told: the ends of answers that `[DONE]` ended, or null. */
  closing: Json | null = null;
  readonly #isTranslated: boolean;
  readonly #answers = new Map<number, Answer>();
  #head: Json = {};
  #isOdd = false;

  /** ISTRANSLATED: the client speaks another protocol, which knows nothing of `function_call`. */
  constructor(isTranslated = false) {
    this.#isTranslated = isTranslated;
  }

  /** Every answer in the stream has ended. */
  get finished(): boolean {
    return this.#answers.size > 0 && this.#open.length === 0;
  }

  get tokens(): Tokens | null {
    return tokensBeside(this.usage, this.generated);
  }

  /** CHUNK as it ought to be: the same object where it is. Sets `failure` when it tells of one. */
  read(chunk: Json, isErrorEvent = false): Json {
    if (isErrorEvent || isError(chunk)) {
      this.failure = failureFromFrame(chunk);
      return chunk;
    }
    const { choices, usage: _, ...head } = chunk;
    const usage = usageIn(chunk);
    if (usage && (saysMore(usage) || !this.usage)) this.usage = usage;
    if (!Array.isArray(choices)) {
      this.#isOdd ||= usage === null;
      return chunk;
    }
    this.#head = head;
    let contents = 0;
    const read = choices.map((choice: unknown) => {
      if (!isObject(choice)) return choice;
      const next = this.#choice(choice);
      if (hasContent(next)) contents++;
      return next;
    });
    // A token of each answer that goes on.
    this.generated.frames += contents;
    if (read.every((choice, at) => choice === choices[at])) return chunk;
    this.slipped = true;
    return { ...chunk, ...(chunk["object"] === "chat.completion" && asChunk), choices: read };
  }

  /**
   * `[DONE]` was said. Some services never give a `finish_reason`: their word that it is over is an end, as
   * long as there is an answer and nothing came that was not understood.
   */
  done(): void {
    if (this.failure || this.finished) return;
    if (this.generated.frames === 0 || this.#isOdd) {
      this.failure = upstreamError("The runtime's answer ended before it was complete.");
      return;
    }
    const choices = this.#open.map(([index, answer]) => {
      this.#end(answer, answer.calls.any ? "tool_calls" : "stop");
      const nothing = answer.isText ? { text: "" } : { delta: {} };
      return { index, ...nothing, finish_reason: answer.finish };
    });
    this.closing = { ...this.#head, choices };
  }

  get #open(): [number, Answer][] {
    return [...this.#answers].filter(([, { finish }]) => finish === null);
  }

  #choice(choice: Json): Json {
    const answer = this.#answerOf(choice["index"]);
    const delta = this.#delta(choice, answer);
    if (delta) this.generated.characters += charactersIn(delta);
    else if (typeof choice["text"] === "string") {
      answer.isText = true;
      this.generated.characters += choice["text"].length;
    }
    const finish = finishOf(choice["finish_reason"]);
    if (finish !== null) this.#end(answer, finish);
    const isSaid = (choice["finish_reason"] ?? null) === finish;
    if (isSaid && (delta === null || delta === choice["delta"])) return choice;
    const { message: _, ...rest } = choice;
    return { ...rest, ...(delta && { delta }), finish_reason: finish };
  }

  /** What CHOICE adds; some services name it as in a whole answer. */
  #delta(choice: Json, { calls }: Answer): Json | null {
    const given = isObject(choice["delta"]) ? choice["delta"] : choice["message"];
    if (!isObject(given)) return null;
    const delta = withPlainContent(this.#isTranslated ? withToolCall(given) : given);
    const pieces = delta["tool_calls"];
    if (!Array.isArray(pieces) || pieces.length === 0) return delta;
    const tool_calls = calls.read(pieces);
    return tool_calls === pieces ? delta : { ...delta, tool_calls };
  }

  #end(answer: Answer, finish: string): void {
    answer.finish ??= finish;
    if (isBroken(finish)) this.failure = upstreamError("The runtime gave up on its answer.");
    if (answer.calls.nameless) {
      this.failure = upstreamError("The runtime called a tool without saying which.");
    }
  }

  #answerOf(index: unknown): Answer {
    const place = typeof index === "number" ? index : 0;
    const known = this.#answers.get(place);
    if (known) return known;
    const answer: Answer = { calls: new Calls(), finish: null, isText: false };
    this.#answers.set(place, answer);
    return answer;
  }
}

const asChunk = { object: "chat.completion.chunk" };

/** True when CHOICE carries something generated; the first chunk of a chat names only the role. */
function hasContent(choice: Json): boolean {
  if (textOf(choice["text"]) !== "") return true;
  const delta = choice["delta"];
  if (!isObject(delta)) return false;
  return Object.keys(delta).some((key) => key !== "role" && isSomething(delta[key]));
}

const isSomething = (value: unknown): boolean =>
  value !== null && value !== "" && !(Array.isArray(value) && value.length === 0);
