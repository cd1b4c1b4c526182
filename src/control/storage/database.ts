/** The one SQLite file, opened once per process. */
import { dirname } from "node:path";
import SQLite from "better-sqlite3";
import { drizzle } from "drizzle-orm/better-sqlite3";
import { syncFolder } from "./durable-files.ts";
import { migrate } from "./migrate.ts";

export type Database = ReturnType<typeof open>;

/**
 * Opens FILE (":memory:" in tests), applies the migrations that it lacks, and returns the drizzle
 * handle; `$client` is the connection below it.
 * WAL with synchronous=NORMAL: a commit survives kill -9 of the process (the pages are the kernel's
 * by then); a power cut may lose the last commits but never corrupts (sqlite.org/wal.html). What is
 * acknowledged waits for the disk besides, see durable.ts.
 */
export function openDatabase(file: string): Database {
  const database = open(file);
  flushing(database, () => migrate(database.$client));
  if (file !== ":memory:") syncFolder(dirname(file));
  return database;
}

/** Does WORK, whose commits are on the disk when it returns; all else waits that long. For the first start. */
export function flushing<Result>(database: Database, work: () => Result): Result {
  database.$client.pragma("synchronous = FULL");
  try {
    return work();
  } finally {
    database.$client.pragma("synchronous = NORMAL");
  }
}

function open(file: string) {
  const connection = new SQLite(file);
  connection.pragma("journal_mode = WAL");
  connection.pragma("synchronous = NORMAL");
  connection.pragma("foreign_keys = ON");
  connection.pragma("busy_timeout = 5000");
  return drizzle(connection);
}
