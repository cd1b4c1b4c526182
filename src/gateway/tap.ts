import type { Failure } from "../failure.ts";
import type { StreamTap } from "./dialect.ts";
import { doneFrame, errorFrame, FrameSplitter, frameEnd, readFrame } from "./frames.ts";
import { withoutInternals } from "./internals.ts";
import { isObject } from "./json.ts";
import { MarkerScan } from "./markers.ts";
import { failureFromFrame, upstreamError } from "./runtime-error.ts";
import { type Tokens, tokensOf } from "./tokens.ts";

const nothing = Buffer.alloc(0);
const maxFrameBytes = 8 * 1024 * 1024;

/** What goes on in a frame's place; null: the frame itself. */
type Instead = Buffer | null;

/**
 * Reads a generation stream as it passes. Bytes go through untouched; the usage chunk and `[DONE]`
 * are kept back for `tail`, so that the row can be committed before the client has them.
 */
export class Tap implements StreamTap {
  /** `finish_reason` was seen: the answer is whole, even when the stream breaks afterwards. */
  finished = false;
  /** `[DONE]` or an error was seen: nothing that follows matters. */
  stopped = false;
  failure: Failure | null = null;
  tokens: Tokens | null = null;
  /** Frames that carried content; one token each with every runtime that we know. */
  contentFrames = 0;
  readonly #splitter = new FrameSplitter();
  readonly #keepUsage: boolean;
  #usageFrame: Buffer = nothing;

  /** KEEPUSAGE: the client asked for the usage chunk. */
  constructor(keepUsage: boolean) {
    this.#keepUsage = keepUsage;
  }

  /** Takes what came off the wire and returns what may go on to the client now. */
  push(bytes: Buffer): Buffer {
    if (this.stopped) return nothing;
    const frames = this.#splitter.push(bytes);
    if (this.#splitter.pending > maxFrameBytes) {
      return this.#fail(upstreamError("The runtime sent an event that is too long."));
    }
    return frames.length === 0 ? frames : this.#read(frames);
  }

  /** What ends a whole answer: the usage chunk, when asked for, and `[DONE]`. */
  tail(): Buffer {
    return this.#keepUsage ? Buffer.concat([this.#usageFrame, doneFrame]) : doneFrame;
  }

  broken(failure: Failure): Buffer {
    return Buffer.concat([errorFrame(failure), doneFrame]);
  }

  #fail(failure: Failure): Buffer {
    this.failure = failure;
    this.stopped = true;
    return nothing;
  }

  #read(frames: Buffer): Buffer {
    const scan = new MarkerScan(frames);
    const passed: Buffer[] = [];
    let runStart = 0;
    let marker = scan.first(0);
    for (let at = 0, end = 0; at < frames.length && !this.stopped; at = end) {
      end = frameEnd(frames, at);
      if (this.#isPlain(end, marker)) {
        if (frames[at] !== colon) this.contentFrames++;
        continue;
      }
      const instead = this.#inspect(frames.subarray(at, end));
      if (instead !== null) {
        passed.push(frames.subarray(runStart, at), instead);
        runStart = end;
      }
      marker = scan.first(end);
    }
    if (runStart === 0) return frames;
    if (!this.stopped) passed.push(frames.subarray(runStart));
    return Buffer.concat(passed);
  }

  /** Until the first content every frame is read, for the time to the first token. */
  #isPlain(end: number, marker: number): boolean {
    return this.contentFrames > 0 && end <= marker;
  }

  #inspect(frame: Buffer): Instead {
    const event = readFrame(frame);
    if (!event) return null;
    if (event.data.trim() === "[DONE]") {
      this.stopped = true;
      return nothing;
    }
    const value = parse(event.data);
    if (event.isError || (isObject(value) && isObject(value["error"]))) {
      this.#fail(failureFromFrame(value));
      return nothing;
    }
    return isObject(value) ? this.#inspectChunk(value, frame) : null;
  }

  #inspectChunk(chunk: Record<string, unknown>, whole: Buffer): Instead {
    const told = withoutInternals(chunk);
    const frame = told === chunk ? whole : Buffer.from(`data: ${JSON.stringify(told)}\n\n`);
    const choices = Array.isArray(chunk["choices"]) ? chunk["choices"].filter(isObject) : [];
    this.tokens = tokensOf(chunk["usage"]) ?? this.tokens;
    if (choices.length === 0 && isObject(chunk["usage"])) {
      // A copy: the view would keep the whole piece that came off the socket alive.
      this.#usageFrame = Buffer.from(frame);
      return nothing;
    }
    if (choices.some((choice) => typeof choice["finish_reason"] === "string")) this.finished = true;
    if (choices.some(hasContent)) this.contentFrames++;
    return frame === whole ? null : frame;
  }
}

const colon = 0x3a;

function parse(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return null;
  }
}

/** True when a choice carries something generated; the first chunk of a chat names only the role. */
function hasContent(choice: Record<string, unknown>): boolean {
  if (typeof choice["text"] === "string" && choice["text"] !== "") return true;
  const delta = choice["delta"];
  if (!isObject(delta)) return false;
  return Object.keys(delta).some((key) => key !== "role" && isSomething(delta[key]));
}

const isSomething = (value: unknown): boolean =>
  value !== null && value !== "" && !(Array.isArray(value) && value.length === 0);
