import { Gathered } from "../../shared/http1/gathered.ts";
import { FrameSplitter, frameEnd, max_frame_bytes, readFrame } from "../proxy/frames.ts";
import { isError } from "../reading/error.ts";
import { charactersIn } from "../reading/message.ts";
import { isObject, parseJson } from "../request/json.ts";
import type { AnswerSink } from "../upstream/call.ts";
import { UpstreamFault } from "../upstream/fault.ts";
import type { ResponseHead } from "../upstream/head.ts";

type Json = Record<string, unknown>;

export interface PieceEvents {
  /** The first bytes of a stream are here. */
  begun(head: ResponseHead): void;
  chunk(chunk: Json, hasContent: boolean): void;
  /** CHARACTERS were generated. */
  done(usage: unknown, characters: number): void;
  /** It answered something else, which is BODY. */
  refused(head: ResponseHead | null, body: Buffer): void;
  fail(fault: UpstreamFault): void;
}

/** The stream of one piece, chunk by chunk. Exactly one of `done`, `refused` and `fail` ends it. */
export class PieceStream implements AnswerSink {
  readonly #events: PieceEvents;
  readonly #splitter = new FrameSplitter();
  readonly #body = new Gathered();
  #head: ResponseHead | null = null;
  #usage: unknown = null;
  #characters = 0;
  #isEnded = false;
  /** Of each choice that was seen, whether it has ended. */
  readonly #ends = new Map<unknown, boolean>();

  constructor(events: PieceEvents) {
    this.#events = events;
  }

  head(head: ResponseHead): void {
    this.#head = head;
  }

  data(bytes: Buffer): void {
    if (this.#isEnded) return;
    if (!this.#isStream) {
      this.#body.add(bytes);
      return;
    }
    if (this.#head) this.#events.begun(this.#head);
    const frames = this.#splitter.push(bytes);
    if (this.#splitter.pending > max_frame_bytes) this.#broken();
    else this.#read(frames);
  }

  end(): void {
    if (this.#isEnded) return;
    if (!this.#isStream) {
      this.#readWhole(this.#body.take());
      return;
    }
    this.#read(this.#splitter.end());
    if (this.#isEnded) return;
    if (this.#ends.size > 0 && [...this.#ends.values()].every(Boolean)) this.#done();
    else this.#broken();
  }

  fail(fault: UpstreamFault): void {
    if (this.#isEnded) return;
    this.#isEnded = true;
    this.#events.fail(fault);
  }

  get #isStream(): boolean {
    const type = this.#head?.headers.get("content-type") ?? "";
    return this.#head?.status === 200 && /^text\/event-stream/i.test(type);
  }

  #read(frames: Buffer): void {
    for (let at = 0, end = 0; at < frames.length && !this.#isEnded; at = end) {
      end = frameEnd(frames, at);
      const event = readFrame(frames.subarray(at, end));
      if (!event) continue;
      if (event.data.trim() === "[DONE]") this.#done();
      else this.#readChunk(parseJson(event.data), event.isError);
    }
  }

  #readChunk(chunk: unknown, isErrorEvent: boolean): void {
    // llama-server begins some streams with `data: null`.
    if (!isObject(chunk)) return;
    if (isErrorEvent || isError(chunk)) {
      this.#isEnded = true;
      this.#events.refused(this.#head, Buffer.from(JSON.stringify(chunk)));
      return;
    }
    if (isObject(chunk["usage"])) this.#usage = chunk["usage"];
    const choices = Array.isArray(chunk["choices"]) ? chunk["choices"].filter(isObject) : [];
    let characters = 0;
    for (const choice of choices) {
      if (isObject(choice["delta"])) characters += charactersIn(choice["delta"]);
      else if (typeof choice["text"] === "string") characters += choice["text"].length;
      const { index, finish_reason } = choice;
      this.#ends.set(index, this.#ends.get(index) || typeof finish_reason === "string");
    }
    this.#characters += characters;
    this.#events.chunk(chunk, characters > 0);
  }

  /** It was answered whole, or not at all. */
  #readWhole(body: Buffer): void {
    const answer = this.#head?.status === 200 ? parseJson(body.toString("utf8")) : null;
    if (!isObject(answer) || !Array.isArray(answer["choices"])) {
      this.#isEnded = true;
      this.#events.refused(this.#head, body);
      return;
    }
    if (this.#head) this.#events.begun(this.#head);
    this.#readChunk(answer, false);
    if (!this.#isEnded) this.#done();
  }

  #done(): void {
    this.#isEnded = true;
    this.#events.done(this.#usage, this.#characters);
  }

  #broken(): void {
    const text = "The runtime broke off in the middle of its answer.";
    this.fail(new UpstreamFault("protocol", "body", text));
  }
}
