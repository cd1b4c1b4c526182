/** Server-sent events as bytes (WHATWG HTML 9.2): splitting them, reading one, and writing ours. */
import type { Failure } from "../../shared/failure.ts";
import { Gathered } from "../../shared/http1/gathered.ts";
import { LineEnds } from "../line-ends.ts";
import { parseJson } from "../request/json.ts";

const nothing = Buffer.alloc(0);
const lf = 10;
const cr = 13;

export const doneFrame = Buffer.from("data: [DONE]\n\n");

/** A comment: clients ignore it, and it keeps idle connections open. */
export const pingFrame = Buffer.from(": ping\n\n");

/** The same for one that waits for a model to wake, with how long that may still take. */
export const wakingFrame = (eta_ms: number): Buffer =>
  Buffer.from(`: waking eta=${Math.max(1, Math.ceil(eta_ms / 1_000))}s\n\n`);

export const dataFrame = (value: unknown): Buffer =>
  Buffer.from(`data: ${JSON.stringify(value)}\n\n`);

export const errorFrame = (failure: Failure): Buffer => dataFrame(failure.envelope());

/** Index just behind the frame that starts at FROM; BYTES holds whole frames only. */
export function frameEnd(bytes: Buffer, from: number): number {
  for (let at = bytes.indexOf(lf, from); at !== -1; at = bytes.indexOf(lf, at + 1)) {
    const end = emptyLineEnd(bytes, at);
    if (end !== -1) return end;
  }
  return bytes.length;
}

/** Index behind the empty line that the line end at AT is followed by, or -1. */
function emptyLineEnd(bytes: Buffer, at: number): number {
  if (bytes[at + 1] === lf) return at + 2;
  return bytes[at + 1] === cr && bytes[at + 2] === lf ? at + 3 : -1;
}

/** No event that is meant to be one is longer: what is would only fill the memory. */
export const max_frame_bytes = 8 * 1024 * 1024;

/** Of an end of a frame that is not all here. */
const longest_seam = 2;

/**
 * Cuts a byte stream into whole frames, wherever the network has split it, and puts right how it is written:
 * a byte order mark, lines that end with CR alone, and events without an empty line between them. A service
 * that begins well goes on so, and its bytes are looked through no further.
 */
export class FrameSplitter {
  readonly #rest = new Gathered();
  #isFirst = true;
  #isWell = false;
  readonly #lines = new LineEnds();

  /** Bytes of a frame whose end has not come yet. */
  get pending(): number {
    return this.#rest.size;
  }

  /** The frames that BYTES completes, in one piece; the beginning of the next one is kept. */
  push(bytes: Buffer): Buffer {
    if (this.#isWell) return this.#cut(bytes);
    const known = this.#rest.size;
    // Without the end of a line no frame is complete, and a large one may come byte by byte.
    if (known > 0 && this.#rest.last(1)[0] !== cr && !bytes.includes(lf) && !bytes.includes(cr)) {
      this.#rest.add(bytes);
      return nothing;
    }
    const given = known === 0 ? bytes : Buffer.concat([this.#rest.take(), bytes]);
    const all = separated(this.#lines.plain(this.#withoutMark(given), known));
    const end = lastFrameEnd(all);
    const frames = end === all.length ? all : all.subarray(0, end);
    this.#isWell = all === given && frames.includes("data:");
    if (end < all.length) this.#rest.add(all.subarray(end));
    return frames;
  }

  #cut(bytes: Buffer): Buffer {
    const isWhole = this.#rest.size === 0;
    // What is kept is not searched again.
    const searched = isWhole ? bytes : Buffer.concat([this.#rest.last(longest_seam), bytes]);
    const behind = searched.length - lastFrameEnd(searched);
    if (behind === searched.length) {
      this.#rest.add(bytes);
      return nothing;
    }
    const all = isWhole ? bytes : Buffer.concat([this.#rest.take(), bytes]);
    if (behind === 0) return all;
    const end = all.length - behind;
    this.#rest.add(all.subarray(end));
    return all.subarray(0, end);
  }

  /** The last frame, when the stream is over and nothing but its empty line is missing. */
  end(): Buffer {
    const rest = this.#rest.take();
    const data = rest.length === 0 ? undefined : readFrame(rest)?.data.trim();
    const isWhole = data === "[DONE]" || (data !== undefined && parseJson(data) !== null);
    if (!isWhole) return nothing;
    return Buffer.concat([rest, Buffer.from(rest[rest.length - 1] === lf ? "\n" : "\n\n")]);
  }

  #withoutMark(all: Buffer): Buffer {
    if (!this.#isFirst || all.length < mark.length) return all;
    this.#isFirst = false;
    return all.indexOf(mark) === 0 ? all.subarray(mark.length) : all;
  }
}

const mark = Buffer.from("\ufeff");

const cuts = ["}\ndata:", "}\r\ndata:"].map((text) => Buffer.from(text));

/** Events with one line end between them instead of two: each line is JSON by itself. */
function separated(all: Buffer): Buffer {
  if (cuts.every((cut) => all.indexOf(cut) === -1)) return all;
  const lines = all.toString("latin1").split(/(?<=\n)/);
  const isNext = (line = "") => /^data: ?[{[]/.test(line);
  const isWhole = (line: string) =>
    line.startsWith("data:") && parseJson(line.slice("data:".length)) !== null;
  const cut = lines.map((line, at) =>
    isNext(lines[at + 1]) && isWhole(line) ? `${line}\n` : line,
  );
  return Buffer.from(cut.join(""), "latin1");
}

function lastFrameEnd(bytes: Buffer): number {
  for (let at = bytes.lastIndexOf(lf); at > 0; at = bytes.lastIndexOf(lf, at - 1)) {
    const before = bytes[at - 1] === cr ? at - 2 : at - 1;
    if (bytes[before] === lf) return at + 1;
  }
  return 0;
}

export interface Event {
  data: string;
  /** The runtime marked it as an error by the event's name or, older llama-server, by `error:` lines. */
  isError: boolean;
}

/** What FRAME says; null for comments and anything else without data. */
export function readFrame(frame: Buffer): Event | null {
  const data: string[] = [];
  let isError = false;
  for (const line of frame.toString("utf8").split(/\r?\n/)) {
    const { field, value } = readLine(line);
    isError ||= field === "error" || (field === "event" && value === "error");
    if (field === "data" || field === "error") data.push(value);
  }
  return data.length === 0 ? null : { data: data.join("\n"), isError };
}

function readLine(line: string): { field: string; value: string } {
  const colon = line.indexOf(":");
  if (colon === -1) return { field: line, value: "" };
  return {
    field: line.slice(0, colon),
    value: line.slice(line[colon + 1] === " " ? colon + 2 : colon + 1),
  };
}

/** An event with a name, whose data carries that name again as `type`, as two of the protocols want it. */
export const namedFrame = (data: { type: string } & Record<string, unknown>): Buffer =>
  Buffer.from(`event: ${data.type}\ndata: ${JSON.stringify(data)}\n\n`);
