import type { Failure } from "../failure.ts";
import type { StreamTap } from "./dialect.ts";
import { FrameSplitter, frameEnd, readFrame } from "./frames.ts";
import { isObject } from "./json.ts";
import { failureFromFrame, upstreamError } from "./runtime-error.ts";
import type { Tokens } from "./tokens.ts";

interface EventTapOptions {
  /** Only frames that hold one of these are read. */
  markers: readonly string[];
  /** What frames with content hold. */
  content: string;
  broken(failure: Failure): Buffer;
}

const nothing = Buffer.alloc(0);
const maxFrameBytes = 8 * 1024 * 1024;

/**
 * Passes a stream of named events untouched, but for the last ones: they are kept back for `tail`, so
 * that the row can be committed before the client has them.
 */
export abstract class EventTap implements StreamTap {
  finished = false;
  stopped = false;
  failure: Failure | null = null;
  tokens: Tokens | null = null;
  contentFrames = 0;
  readonly #splitter = new FrameSplitter();
  readonly #markers: readonly Buffer[];
  readonly #content: Buffer;
  readonly #broken: EventTapOptions["broken"];
  #kept: Buffer[] = [];

  constructor({ markers, content, broken }: EventTapOptions) {
    this.#markers = markers.map((marker) => Buffer.from(marker));
    this.#content = Buffer.from(content);
    this.#broken = broken;
  }

  /** What EVENT means: it passes at once; it waits for the end; it is the end. */
  protected abstract read(event: Record<string, unknown>): "pass" | "keep" | "stop";

  push(bytes: Buffer): Buffer {
    if (this.stopped) return nothing;
    const frames = this.#splitter.push(bytes);
    if (this.#splitter.pending > maxFrameBytes) {
      this.#fail(upstreamError("The runtime sent an event that is too long."));
    }
    const passed: Buffer[] = [];
    for (let at = 0, end = 0; at < frames.length && !this.stopped; at = end) {
      end = frameEnd(frames, at);
      const frame = frames.subarray(at, end);
      if (this.#passes(frame)) passed.push(frame);
    }
    return passed.length === 1 ? (passed[0] ?? nothing) : Buffer.concat(passed);
  }

  tail(): Buffer {
    return Buffer.concat(this.#kept);
  }

  broken(failure: Failure): Buffer {
    return this.#broken(failure);
  }

  #fail(failure: Failure): void {
    this.failure = failure;
    this.stopped = true;
  }

  #passes(frame: Buffer): boolean {
    if (frame.includes(this.#content)) this.contentFrames++;
    if (!this.#markers.some((marker) => frame.includes(marker))) return true;
    const event = readFrame(frame);
    const value = event && parse(event.data);
    if (event?.isError) {
      this.#fail(failureFromFrame(value));
      return false;
    }
    const verdict = isObject(value) ? this.read(value) : "pass";
    if (verdict === "pass") return !this.failure;
    // A copy: the view would keep the whole piece that came off the socket alive.
    this.#kept.push(Buffer.from(frame));
    if (verdict === "stop") this.stopped = true;
    return false;
  }

  /** The runtime said that it failed. */
  protected failed(value: unknown): void {
    this.#fail(failureFromFrame(value));
  }
}

function parse(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return null;
  }
}
