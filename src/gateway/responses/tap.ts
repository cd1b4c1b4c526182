/** The Responses stream of a runtime that has the route itself. */
import { Failure } from "../../failure.ts";
import type { StreamTap } from "../dialect.ts";
import { FrameSplitter, frameEnd } from "../frames.ts";
import { isObject } from "../json.ts";
import { failureFromFrame, upstreamError } from "../runtime-error.ts";
import type { Tokens } from "../tokens.ts";
import { EventWriter } from "./events.ts";
import { frameMeaning, maxFrameBytes } from "./frame.ts";
import { headOf, responseObject } from "./response.ts";
import { tokensOfResponse } from "./usage.ts";

type Body = Readonly<Record<string, unknown>>;

const nothing = Buffer.alloc(0);

/** Bytes go through untouched; the last event is kept back for `tail`. */
export class ResponsesTap implements StreamTap {
  finished = false;
  stopped = false;
  failure: Failure | null = null;
  tokens: Tokens | null = null;
  contentFrames = 0;
  readonly #body: Body;
  readonly #now: () => number;
  readonly #splitter = new FrameSplitter();
  /** Events so far, and so the number of the next one. */
  #events = 0;
  /** As it was when it was created. */
  #response: Body | null = null;
  #lastFrame: Buffer = nothing;

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
    for (let at = 0, end = 0; at < frames.length; at = end) {
      end = frameEnd(frames, at);
      if (isDelta(frames, at)) {
        this.contentFrames++;
        this.#events++;
      } else this.#inspect(frames.subarray(at, end));
      if (this.stopped) return frames.subarray(0, at);
    }
    return frames;
  }

  tail(): Buffer {
    return this.#lastFrame;
  }

  broken(failure: Failure): Buffer {
    const events = new EventWriter(this.#events);
    const now = this.#now();
    const inProgress = { status: "in_progress", output: [] } as const;
    const response =
      this.#response ?? responseObject(this.#body, headOf({}, this.#body, now), inProgress);
    const begun = this.#events > 0 ? "" : events.write("response.created", { response });
    return Buffer.from(begun + events.fail(failure, response));
  }

  #fail(failure: Failure): void {
    this.failure = failure;
    this.stopped = true;
  }

  #inspect(frame: Buffer): void {
    const meaning = frameMeaning(frame);
    if (meaning instanceof Failure) this.#fail(meaning);
    else if (meaning === "done") this.stopped = true;
    else if (meaning) this.#readEvent(String(meaning["type"]), meaning["response"]);
    // A copy: the view would keep the whole piece that came off the socket alive.
    if (this.finished) this.#lastFrame = Buffer.from(frame);
    else if (meaning && !this.stopped) this.#events++;
  }

  #readEvent(type: string, response: unknown): void {
    if (type === "response.created" && isObject(response)) this.#response = response;
    // Of a runtime that leaves out the names of its events.
    if (type.endsWith(".delta")) this.contentFrames++;
    if (type === "response.failed") this.#fail(failureFromFrame(response));
    if (type === "response.completed" || type === "response.incomplete") {
      this.tokens = isObject(response) ? tokensOfResponse(response["usage"]) : null;
      this.finished = true;
      this.stopped = true;
    }
  }
}

const eventField = Buffer.from("event: ");
const deltaEnd = Buffer.from(".delta");
const LF = 10;
const CR = 13;

/** Whether the frame at FROM begins with the name of an event that ends in `.delta`: nearly all do. */
function isDelta(frames: Buffer, from: number): boolean {
  const lineFeed = frames.indexOf(LF, from);
  const end = frames[lineFeed - 1] === CR ? lineFeed - 1 : lineFeed;
  if (end < from + eventField.length + deltaEnd.length) return false;
  return holds(frames, from, eventField) && holds(frames, end - deltaEnd.length, deltaEnd);
}

const holds = (bytes: Buffer, at: number, what: Buffer): boolean =>
  bytes.compare(what, 0, what.length, at, at + what.length) === 0;
