import { closeSync, fstatSync, openSync, readSync, statSync } from "node:fs";
import { isMissing } from "../files/durable-file.ts";
import { LineSplitter } from "./line-splitter.ts";

/** The longest line and its end, see LineSplitter. */
const line_bytes = 2049;
/** Of one `read`: a runtime that writes faster is followed at this pace until its log is cut. */
const read_bytes = 256 * 1024;

/**
 * Reads the log of one replica as it grows. It survives what process/log.ts does to logs: a new start
 * renames the file to PATH.1 and opens another, a rotation copies its last half there and cuts it to
 * nothing. Of the last moment before a cut some lines can be lost, as the cut itself may lose some.
 */
export class LogReader {
  readonly #path: string;
  readonly #lines = new LineSplitter();
  #file: number | undefined;
  #offset = 0;

  constructor(path: string) {
    this.#path = path;
  }

  /** The last COUNT lines, if need be with those of the log before; `read` goes on from there. */
  tail(count: number): string[] {
    this.#file = open(this.#path);
    const here =
      this.#file === undefined ? [] : this.#lines.push(this.#lastBytes(this.#file, count));
    if (here.length >= count) return count === 0 ? [] : here.slice(-count);
    return [...lastLines(`${this.#path}.1`, count), ...here].slice(-count);
  }

  /** What was written since; nothing while there is no log. Throws when it cannot be read. */
  read(): string[] {
    const lines = this.#file === undefined ? [] : this.#grown(this.#file);
    if (!this.#replaced()) return lines;
    lines.push(...this.#lines.end());
    this.close();
    this.#file = open(this.#path);
    this.#offset = 0;
    if (this.#file !== undefined) lines.push(...this.#grown(this.#file));
    return lines;
  }

  /** Bytes of the log that `read` has not come to. */
  unread(): number {
    return this.#file === undefined ? 0 : fstatSync(this.#file).size - this.#offset;
  }

  close(): void {
    if (this.#file !== undefined) closeSync(this.#file);
    this.#file = undefined;
  }

  #lastBytes(file: number, count: number): Buffer {
    const { size } = fstatSync(file);
    this.#offset = size;
    return bytesOf(file, wholeLinesFrom(file, size, count), size);
  }

  #grown(file: number): string[] {
    const { size } = fstatSync(file);
    if (size < this.#offset) this.#offset = 0;
    const bytes = bytesOf(file, this.#offset, Math.min(size, this.#offset + read_bytes));
    this.#offset += bytes.length;
    return this.#lines.push(bytes);
  }

  /** Another file has the name, and the old one is read to its end. The open file keeps its inode from being reused. */
  #replaced(): boolean {
    const named = statSync(this.#path, { throwIfNoEntry: false });
    if (named === undefined || this.#file === undefined) return named !== undefined;
    const { ino, size } = fstatSync(this.#file);
    return ino !== named.ino && this.#offset >= size;
  }
}

function lastLines(path: string, count: number): string[] {
  const file = open(path);
  if (file === undefined) return [];
  try {
    const { size } = fstatSync(file);
    const lines = new LineSplitter();
    const whole = lines.push(bytesOf(file, wholeLinesFrom(file, size, count), size));
    return [...whole, ...lines.end()].slice(-count);
  } finally {
    closeSync(file);
  }
}

/** Where to begin so that COUNT lines of the greatest length are read: at 0, or behind a line's end. */
function wholeLinesFrom(file: number, size: number, count: number): number {
  const start = Math.max(0, size - count * line_bytes);
  if (start === 0 || count === 0) return start;
  const end = bytesOf(file, start, size).indexOf("\n");
  return end === -1 ? start : start + end + 1;
}

function bytesOf(file: number, from: number, to: number): Buffer {
  const bytes = Buffer.alloc(Math.max(0, to - from));
  return bytes.subarray(0, readSync(file, bytes, 0, bytes.length, from));
}

function open(path: string): number | undefined {
  try {
    return openSync(path, "r");
  } catch (error) {
    if (isMissing(error)) return undefined;
    throw error;
  }
}
