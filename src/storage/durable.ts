/**
 * What was acknowledged must be there after a power cut. Commits themselves are not flushed (synchronous=NORMAL, see
 * database.ts): a flush in SQLite holds up the whole process, and with it every stream, for as long as the disk is busy
 * with somebody's weights. Whoever gives a promise waits for the disk instead, off the main thread.
 */
import { closeSync, fsyncSync, mkdirSync, openSync, renameSync, writeFileSync } from "node:fs";
import { open } from "node:fs/promises";
import { dirname } from "node:path";
import type { Database } from "./database.ts";

/** Resolves when all that was committed before the call is on the disk. Rejects when that cannot be said. */
export type Durable = () => Promise<void>;

/** SYNC: brings to the disk what the database has committed. It is not called while nothing was written. */
export function durably(database: Database, sync: () => Promise<void>): Durable {
  const changes = database.$client.prepare("select total_changes()").pluck();
  let flushed = -1;
  /** The flush that has not begun yet: it brings all that is committed until it begins. */
  let next: Promise<void> | undefined;
  let last: Promise<unknown> = Promise.resolve();
  async function flush(): Promise<void> {
    next = undefined;
    const reached = Number(changes.get());
    await sync();
    flushed = reached;
  }
  return () => {
    if (flushed === changes.get()) return Promise.resolve();
    next ??= last.then(flush);
    last = next.catch(() => undefined);
    return next;
  };
}

/**
 * Flushes the write-ahead log of the database FILE. A commit that is not in it any more was moved into the database by a
 * checkpoint, which flushes by itself. The log has no POSIX locks, which closing any descriptor would give up.
 */
export function walFlush(file: string): () => Promise<void> {
  return async () => {
    const log = await open(`${file}-wal`, "r");
    try {
      await log.datasync();
    } finally {
      await log.close();
    }
  };
}

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
