import type { Failure } from "../../shared/failure.ts";
import { FrameSizes } from "../frame-sizes.ts";
import { withoutInternals } from "../internals.ts";
import type { StreamTap } from "../protocols/stream-tap.ts";
import { Chunks } from "../reading/chunks.ts";
import { isObject, parseJson } from "../request/json.ts";
import {
  dataFrame,
  doneFrame,
  errorFrame,
  FrameSplitter,
  frameEnd,
  max_frame_bytes,
  readFrame,
} from "./frames.ts";
import { MarkerScan } from "./markers.ts";
import { upstreamError } from "./runtime-error.ts";
import type { Generated, Tokens } from "./tokens.ts";

const nothing = Buffer.alloc(0);

/**
 * Reads a generation stream as it passes. What is right goes through untouched; the usage chunk and
 * `[DONE]` are kept back for `tail`, so that the row can be committed before the client has them.
 */
export class Tap implements StreamTap {
  /** `[DONE]` or an error was seen: nothing that follows matters. */
  stopped = false;
  failure: Failure | null = null;
  readonly #splitter = new FrameSplitter();
  readonly #chunks = new Chunks();
  readonly #keepUsage: boolean;
  readonly #sizes = new FrameSizes();
  readonly #readsAll: boolean;
  #usageFrame: Buffer = nothing;

  /** KEEPUSAGE: the client asked for the usage chunk. READSALL: which answer a frame is of must be seen. */
  constructor(keepUsage: boolean, readsAll = false) {
    this.#keepUsage = keepUsage;
    this.#readsAll = readsAll;
  }

  get finished(): boolean {
    return this.#chunks.finished;
  }

  get tokens(): Tokens | null {
    return this.#chunks.tokens;
  }

  get generated(): Generated {
    return this.#chunks.generated;
  }

  /** Takes what came off the wire and returns what may go on to the client now. */
  push(bytes: Buffer): Buffer {
    if (this.stopped) return nothing;
    const frames = this.#splitter.push(bytes);
    if (this.#splitter.pending > max_frame_bytes) {
      this.#fail(upstreamError("The runtime sent an event that is too long."));
      return nothing;
    }
    return frames.length === 0 ? frames : this.#read(frames);
  }

  end(): Buffer {
    return this.stopped ? nothing : this.#read(this.#splitter.end());
  }

  /** What ends a whole answer: its end, the usage chunk, when asked for, and `[DONE]`. */
  tail(): Buffer {
    const { closing } = this.#chunks;
    const usage = this.#keepUsage ? this.#usageFrame : nothing;
    if (!closing) return usage.length === 0 ? doneFrame : Buffer.concat([usage, doneFrame]);
    return Buffer.concat([dataFrame(closing), usage, doneFrame]);
  }

  broken(failure: Failure): Buffer {
    return Buffer.concat([errorFrame(failure), doneFrame]);
  }

  #fail(failure: Failure): void {
    this.failure = failure;
    this.stopped = true;
  }

  #read(frames: Buffer): Buffer {
    const scan = new MarkerScan(frames);
    const passed: Buffer[] = [];
    let runStart = 0;
    let marker = scan.first(0);
    for (let at = 0, end = 0; at < frames.length && !this.stopped; at = end) {
      end = frameEnd(frames, at);
      if (end <= marker && this.#isPlain(end - at)) continue;
      const frame = frames.subarray(at, end);
      const said = this.#inspect(frame);
      if (said !== frame) {
        passed.push(frames.subarray(runStart, at), said);
        runStart = end;
      }
      if (marker < end) marker = scan.first(end);
    }
    if (runStart === 0) return frames;
    if (!this.stopped) passed.push(frames.subarray(runStart));
    return Buffer.concat(passed);
  }

  /** A frame of SIZE bytes is some more words, as those before it were: counted, and not read. */
  #isPlain(size: number): boolean {
    const { generated, slipped } = this.#chunks;
    if (this.#readsAll || slipped || generated.frames === 0) return false;
    const characters = this.#sizes.charactersOf(size);
    if (characters === null) return false;
    generated.add(characters);
    return true;
  }

  /** What goes on to the client of FRAME: the same, another one, or nothing. */
  #inspect(frame: Buffer): Buffer {
    const event = readFrame(frame);
    if (!event) return frame;
    if (event.data.trim() === "[DONE]") return this.#done();
    const value = parseJson(event.data);
    if (!isObject(value)) return event.isError ? this.#readChunk({}, frame, true) : frame;
    return this.#readChunk(value, frame, event.isError);
  }

  #done(): Buffer {
    this.#chunks.done();
    if (this.#chunks.failure) this.#fail(this.#chunks.failure);
    this.stopped = true;
    return nothing;
  }

  #readChunk(value: Record<string, unknown>, frame: Buffer, isError: boolean): Buffer {
    const { generated } = this.#chunks;
    const before = generated.characters;
    const read = this.#chunks.read(value, isError);
    const chunk = withoutInternals(read);
    if (this.#chunks.failure) {
      this.#fail(this.#chunks.failure);
      return nothing;
    }
    this.#sizes.learn(frame.length, generated.characters - before);
    const { choices, usage } = chunk;
    const isEmpty = !Array.isArray(choices) || choices.length === 0;
    if (isEmpty && isObject(usage)) {
      // A copy: the view would keep the whole piece that came off the socket alive.
      this.#usageFrame = chunk === read ? Buffer.from(frame) : dataFrame(chunk);
      return nothing;
    }
    return chunk === value ? frame : dataFrame(chunk);
  }
}
