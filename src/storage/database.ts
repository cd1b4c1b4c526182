/** The one SQLite file, opened once per process. */
import SQLite from "better-sqlite3";
import { drizzle } from "drizzle-orm/better-sqlite3";
import { migrate } from "./migrate.ts";

export type Database = ReturnType<typeof open>;

/**
 * Opens FILE (":memory:" in tests), applies the migrations that it lacks, and returns the drizzle
 * handle; `$client` is the connection below it.
 * WAL with synchronous=NORMAL: a commit survives kill -9 of the process (the pages are the kernel's
 * by then); a power cut may lose the last commits but never corrupts (sqlite.org/wal.html).
 */
export function openDatabase(file: string): Database {
  const database = open(file);
  migrate(database.$client);
  return database;
}

function open(file: string) {
  const connection = new SQLite(file);
  connection.pragma("journal_mode = WAL");
  connection.pragma("synchronous = NORMAL");
  connection.pragma("foreign_keys = ON");
  connection.pragma("busy_timeout = 5000");
  return drizzle(connection);
}
