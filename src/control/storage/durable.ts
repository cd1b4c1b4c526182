import { open } from "node:fs/promises";
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
 * checkpoint, which flushes on its own. The log has no POSIX locks, which closing any descriptor would give up.
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
