/** A runtime's chat stream as the stream of a Response. */
import { Failure } from "../../failure.ts";
import type { StreamTap } from "../dialect.ts";
import { FrameSplitter, frameEnd } from "../frames.ts";
import { isObject } from "../json.ts";
import { upstreamError } from "../runtime-error.ts";
import { type Tokens, tokensOf } from "../tokens.ts";
import { EventWriter } from "./events.ts";
import { frameMeaning, maxFrameBytes } from "./frame.ts";
import { logprobsIn, speechIn, thoughtIn } from "./items.ts";
import { Output } from "./output.ts";
import { endingOf, type Head, headOf, type Progress, responseObject, seconds } from "./response.ts";
import { usageFromChat } from "./usage.ts";

type Body = Readonly<Record<string, unknown>>;

const nothing = Buffer.alloc(0);

/** Everything but the last event goes out as it comes; that one waits in `tail` for the counts. */
export class ResponsesFromChat implements StreamTap {
  finished = false;
  stopped = false;
  failure: Failure | null = null;
  tokens: Tokens | null = null;
  contentFrames = 0;
  readonly #body: Body;
  readonly #now: () => number;
  readonly #splitter = new FrameSplitter();
  readonly #events = new EventWriter();
  readonly #output = new Output(this.#events);
  #head: Head | null = null;
  #usage: Body | null = null;
  #finishReason: unknown = null;

  /** BODY is what the client asked; NOW says the time in milliseconds. */
  constructor(body: Body, now: () => number) {
    this.#body = body;
    this.#now = now;
  }

  push(bytes: Buffer): Buffer {
    if (this.stopped) return nothing;
    const frames = this.#splitter.push(bytes);
    if (this.#splitter.pending > maxFrameBytes) {
      this.#fail(upstreamError("The runtime sent an event that is too long."));
      return nothing;
    }
    let events = "";
    for (let at = 0, end = 0; at < frames.length && !this.stopped; at = end) {
      end = frameEnd(frames, at);
      events += this.#read(frames.subarray(at, end));
    }
    return events === "" ? nothing : Buffer.from(events);
  }

  tail(): Buffer {
    const ending = endingOf(this.#finishReason);
    const progress = { ...ending, usage: this.#usage, completed_at: seconds(this.#now()) };
    const response = this.#response({ ...progress, output: this.#output.items });
    return Buffer.from(this.#events.write(`response.${ending.status}`, { response }));
  }

  broken(failure: Failure): Buffer {
    const begun = this.#head ? "" : this.#begin({});
    const response = this.#response({ status: "failed", output: this.#output.items });
    return Buffer.from(begun + this.#events.fail(failure, response));
  }

  #fail(failure: Failure): void {
    this.failure = failure;
    this.stopped = true;
  }

  #read(frame: Buffer): string {
    const meaning = frameMeaning(frame);
    if (meaning instanceof Failure) this.#fail(meaning);
    else if (meaning === "done") this.stopped = true;
    else if (meaning) return this.#readChunk(meaning);
    return "";
  }

  #readChunk(chunk: Body): string {
    this.tokens = tokensOf(chunk["usage"]) ?? this.tokens;
    this.#usage = usageFromChat(chunk["usage"]) ?? this.#usage;
    let events = this.#head ? "" : this.#begin(chunk);
    const choice: unknown = Array.isArray(chunk["choices"]) ? chunk["choices"][0] : null;
    if (this.finished || !isObject(choice)) return events;
    const written = isObject(choice["delta"]) ? this.#write(choice["delta"], choice) : "";
    if (written !== "") this.contentFrames++;
    events += written;
    if (typeof choice["finish_reason"] !== "string") return events;
    this.finished = true;
    this.#finishReason = choice["finish_reason"];
    return events + this.#output.end(endingOf(this.#finishReason).status);
  }

  #write(delta: Body, choice: Body): string {
    const thought = thoughtIn(delta);
    const speech = speechIn(delta);
    const calls = Array.isArray(delta["tool_calls"]) ? delta["tool_calls"].filter(isObject) : [];
    let events = thought === "" ? "" : this.#output.think(thought);
    if (speech !== "") events += this.#output.say(speech, logprobsIn(choice));
    for (const call of calls) events += this.#output.call(call);
    return events;
  }

  #begin(chunk: Body): string {
    this.#head = headOf(chunk, this.#body, this.#now());
    const response = this.#response({ status: "in_progress", output: [] });
    return (
      this.#events.write("response.created", { response }) +
      this.#events.write("response.in_progress", { response })
    );
  }

  #response(progress: Progress): Body {
    const head = this.#head ?? headOf({}, this.#body, this.#now());
    return responseObject(this.#body, head, progress);
  }
}
