/** Files and folders that stay after a power cut: flushed, with the names in the folders above them. */
import { closeSync, fsyncSync, mkdirSync, openSync, renameSync, writeFileSync } from "node:fs";
import { dirname } from "node:path";

/** The names in a folder: a new file that was flushed may still be lost with its name (fsync(2)). */
export function syncFolder(folder: string): void {
  const descriptor = openSync(folder, "r");
  try {
    fsyncSync(descriptor);
  } finally {
    closeSync(descriptor);
  }
}

/** Makes FOLDER and those above it that are missing, for its owner only, so that they stay. */
export function makeFolder(folder: string): void {
  const first = mkdirSync(folder, { recursive: true, mode: 0o700 });
  if (first === undefined) return;
  const above = dirname(first);
  for (let each = dirname(folder); each.length >= above.length; each = dirname(each)) {
    syncFolder(each);
    if (each === above) return;
  }
}

/** Replaces FILE, for its owner only: after a power cut the old text is there or the new one, and once this returns the new one. */
export function writeDurably(file: string, text: string): void {
  writeFileSync(`${file}.new`, text, { mode: 0o600, flush: true });
  renameSync(`${file}.new`, file);
  syncFolder(dirname(file));
}
