/** Server-sent events as bytes (WHATWG HTML 9.2): splitting them, reading one, and writing ours. */
import type { Failure } from "../failure.ts";
import { Gathered } from "../http1/gathered.ts";

const nothing = Buffer.alloc(0);
const LF = 10;
const CR = 13;

export const doneFrame = Buffer.from("data: [DONE]\n\n");

/** A comment: clients ignore it, and it keeps idle connections open. */
export const pingFrame = Buffer.from(": ping\n\n");

/** The same for one that waits for a model to wake, with how long that may still take. */
export const wakingFrame = (eta_ms: number): Buffer =>
  Buffer.from(`: waking eta=${Math.max(1, Math.ceil(eta_ms / 1_000))}s\n\n`);

export const errorFrame = (failure: Failure): Buffer =>
  Buffer.from(`data: ${JSON.stringify(failure.envelope())}\n\n`);

/** Index just behind the frame that starts at FROM; BYTES holds whole frames only. */
export function frameEnd(bytes: Buffer, from: number): number {
  for (let at = bytes.indexOf(LF, from); at !== -1; at = bytes.indexOf(LF, at + 1)) {
    const end = emptyLineEnd(bytes, at);
    if (end !== -1) return end;
  }
  return bytes.length;
}

/** Index behind the empty line that the line end at AT is followed by, or -1. */
function emptyLineEnd(bytes: Buffer, at: number): number {
  if (bytes[at + 1] === LF) return at + 2;
  return bytes[at + 1] === CR && bytes[at + 2] === LF ? at + 3 : -1;
}

/** Of an end of a frame that is not all here. */
const longestSeam = 2;

/** Cuts a byte stream into whole frames, wherever the network has split it. */
export class FrameSplitter {
  readonly #rest = new Gathered();

  /** Bytes of a frame whose end has not come yet. */
  get pending(): number {
    return this.#rest.size;
  }

  /** The frames that BYTES completes, in one piece; the beginning of the next one is kept. */
  push(bytes: Buffer): Buffer {
    const isWhole = this.#rest.size === 0;
    // What is kept is not searched again: a large frame may come byte by byte.
    const searched = isWhole ? bytes : Buffer.concat([this.#rest.last(longestSeam), bytes]);
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
}

function lastFrameEnd(bytes: Buffer): number {
  for (let at = bytes.lastIndexOf(LF); at > 0; at = bytes.lastIndexOf(LF, at - 1)) {
    const before = bytes[at - 1] === CR ? at - 2 : at - 1;
    if (bytes[before] === LF) return at + 1;
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
