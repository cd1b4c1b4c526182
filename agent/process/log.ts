import {
  closeSync,
  fstatSync,
  ftruncateSync,
  mkdirSync,
  openSync,
  readSync,
  renameSync,
  writeSync,
} from "node:fs";
import { dirname, join } from "node:path";
import { isMissing } from "../files/durable-file.ts";

const log_kept_bytes = 4 * 1024 * 1024;
/**
 * As much as a failing start writes. The cause is seldom in the last lines: vLLM's API server appends 65 lines of
 * its own, and each worker's traceback is one of hundreds.
 */
const tail_bytes = 256 * 1024;
const tail_lines = 2000;

/** Where the runtime of replica ID writes its output. */
export const logPath = ({ log_folder }: { log_folder: string }, id: string): string =>
  join(log_folder, `${id}.log`);

/**
 * Opens a new log for a new process; the last process's log becomes PATH.1, so that no line of it is
 * taken for a symptom of this one. The runtime itself holds the file: its output has somewhere to go
 * while no agent lives.
 */
export function openLog(path: string): number {
  mkdirSync(dirname(path), { recursive: true, mode: 0o700 });
  try {
    renameSync(path, `${path}.1`);
  } catch (error) {
    if (!isMissing(error)) throw error;
  }
  return openSync(path, "a", 0o600);
}

/**
 * Keeps a log at a bounded size while its writer goes on: the last half moves to PATH.1 and the file
 * is cut to nothing. The writer appends (O_APPEND), so its next line lands at the new end; a line
 * written between copy and cut is lost, which a log may do.
 */
export function rotateLog(path: string, kept_bytes = log_kept_bytes): boolean {
  const file = openSync(path, "r+");
  try {
    const size = fstatSync(file).size;
    if (size <= kept_bytes) return false;
    const older = openSync(`${path}.1`, "w", 0o600);
    try {
      writeSync(older, lastBytes(file, size, kept_bytes / 2));
    } finally {
      closeSync(older);
    }
    ftruncateSync(file, 0);
    return true;
  } finally {
    closeSync(file);
  }
}

/** The last COUNT lines that are not empty; none when there is no log. */
export function logTail(path: string, count = tail_lines): string[] {
  let file: number;
  try {
    file = openSync(path, "r");
  } catch {
    return [];
  }
  try {
    const text = lastBytes(file, fstatSync(file).size, tail_bytes).toString("utf8");
    const lines = text.split("\n").filter((line) => line.trim() !== "");
    return lines.slice(-count).map((line) => line.slice(0, 500));
  } finally {
    closeSync(file);
  }
}

function lastBytes(file: number, size: number, wanted: number): Buffer {
  const length = Math.min(size, Math.floor(wanted));
  const bytes = Buffer.alloc(length);
  const read = readSync(file, bytes, 0, length, size - length);
  return bytes.subarray(0, read);
}
