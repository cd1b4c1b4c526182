import type { Database as Connection } from "better-sqlite3";
import { migrations } from "../../../migrations/embedded.ts";

/**
 * Brings a database to the newest schema, each migration in its own transaction. Refuses a database
 * that a newer binary has written, because going on would lose what it added.
 */
export function migrate(connection: Connection): void {
  const current = connection.pragma("user_version", { simple: true }) as number;
  if (current > migrations.length) {
    throw new Error(
      `The database is at version ${current}, this binary knows ${migrations.length}. Start the newer binary, or restore a backup.`,
    );
  }
  for (const [position, sql] of migrations.entries()) {
    if (position < current) continue;
    connection.transaction(() => {
      connection.exec(sql);
      connection.pragma(`user_version = ${position + 1}`);
    })();
  }
}
