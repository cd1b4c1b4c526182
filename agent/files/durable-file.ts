import { mkdir, open, rename, unlink } from "node:fs/promises";
import { dirname } from "node:path";

/**
 * Replaces a file so that a reader, also one after a power cut, sees the old text or the new one and
 * nothing between: temporary file, fsync, rename, fsync of the folder (rename alone is not durable,
 * see open(2) and fsync(2) on directories). Only the owner may read it, unless MODE says more.
 */
export async function writeDurably(path: string, text: string, mode = 0o600): Promise<void> {
  await replace(path, text, mode, true);
  await syncFolder(dirname(path));
}

/**
 * For what can be found out again: a power cut may leave an empty file. An fsync on ext4 also waits for what
 * others have written before, such as a gigabyte of weights.
 */
export const writeWhole = (path: string, text: string): Promise<void> =>
  replace(path, text, 0o600, false);

let temporaries = 0;

/** A name beside PATH for what is to replace it. Of one process several may do so at once. */
export const temporaryFor = (path: string): string => `${path}.${process.pid}-${temporaries++}.new`;

async function replace(path: string, text: string, mode: number, sync: boolean): Promise<void> {
  const temporary = temporaryFor(path);
  await mkdir(dirname(path), { recursive: true, mode: 0o700 });
  const file = await open(temporary, "w", mode);
  try {
    await file.writeFile(text);
    if (sync) await file.sync();
  } finally {
    await file.close();
  }
  await rename(temporary, path);
}

/** Gives a file another name, in the place of one that has it. */
export async function renameDurably(from: string, to: string): Promise<void> {
  await rename(from, to);
  await syncFolder(dirname(to));
}

/** Removes a file durably; a file that is already away is no error. */
export async function removeDurably(path: string): Promise<void> {
  try {
    await unlink(path);
  } catch (error) {
    if (isMissing(error)) return;
    throw error;
  }
  await syncFolder(dirname(path));
}

/** True for ENOENT and for a path that leads through a file (ENOTDIR). */
export function isMissing(error: unknown): boolean {
  const code = errorCode(error);
  return code === "ENOENT" || code === "ENOTDIR";
}

/** The errno name of a failed system call, "" when it was something else. */
export function errorCode(error: unknown): string {
  if (typeof error !== "object" || error === null || !("code" in error)) return "";
  return typeof error.code === "string" ? error.code : "";
}

async function syncFolder(path: string): Promise<void> {
  const folder = await open(path, "r");
  try {
    await folder.sync();
  } finally {
    await folder.close();
  }
}
