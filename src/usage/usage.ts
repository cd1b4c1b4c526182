import { getTableColumns, type Placeholder, sql } from "drizzle-orm";
import type { Database } from "../storage/database.ts";
import { usage } from "./table.ts";

/** One request, as metered. It has no content, and no field that could carry any. */
export type UsageRow = typeof usage.$inferSelect;

export interface UsageParts {
  /** One line for the operator; never holds more of a row than its id. */
  log(line: string): void;
  /** Calls RUN once, DELAY_MS from now. */
  later?(run: () => void, delay_ms: number): void;
}

const first_delay_ms = 1000;
const longest_delay_ms = 30_000;
/** About 5 MB of rows; what comes after that while the disk is full is counted and dropped. */
const waiting_max = 10_000;

/**
 * The meter. Rows that arrive in one turn of the event loop become one transaction at its end.
 *
 * When the disk refuses a commit, the callers' promises still resolve: a client must not lose its
 * answer because metering is impossible. The rows then wait in memory, up to `waiting_max`, and are
 * tried again with back-off; each try is logged, and `unrecorded` says how many rows are not on disk.
 */
export class UsageLog {
  readonly #parts: Required<UsageParts>;
  readonly #saveAll: (rows: readonly UsageRow[]) => void;
  readonly #listeners = new Set<(row: UsageRow) => void>();
  #fresh: UsageRow[] = [];
  #turn: Promise<void> | undefined;
  /** Rows that a failed commit left over. While there are any, the timer alone commits. */
  #waiting: UsageRow[] = [];
  #delay_ms = first_delay_ms;
  #dropped = 0;

  constructor(database: Database, { log, later = timeout }: UsageParts) {
    this.#parts = { log, later };
    const insert = preparedInsert(database);
    this.#saveAll = database.$client.transaction((rows: readonly UsageRow[]) => {
      for (const row of rows) insert.run(row);
    });
  }

  /** Resolves when the row is committed, or when it is certain that it cannot be right now. Never rejects. */
  record(row: UsageRow): Promise<void> {
    this.#fresh.push(row);
    this.#turn ??= new Promise((resolve) => {
      setImmediate(() => {
        this.#turn = undefined;
        this.#commit();
        resolve();
      });
    });
    return this.#turn;
  }

  /** Hears of every recorded row, committed or waiting: for counters that must not read the database. */
  onRecord(listener: (row: UsageRow) => void): void {
    this.#listeners.add(listener);
  }

  /** Rows of this process that are not on disk: still waiting, or dropped. */
  get unrecorded(): number {
    return this.#waiting.length + this.#dropped;
  }

  /** For shutdown: commits all that can be committed. Returns how many rows could not be. */
  flush(): number {
    this.#commit();
    if (this.#waiting.length > 0) this.#retry();
    return this.unrecorded;
  }

  #commit(): void {
    const rows = this.#fresh;
    this.#fresh = [];
    // A disk that has just refused is not asked again in every turn: that would stall every stream.
    if (this.#waiting.length > 0) this.#keepWaiting(rows);
    else if (rows.length > 0 && !this.#save(rows)) this.#startWaiting(rows);
    for (const row of rows) for (const listener of this.#listeners) listener(row);
  }

  #save(rows: readonly UsageRow[]): boolean {
    try {
      this.#saveAll(rows);
      return true;
    } catch (error) {
      if (codeOf(error).startsWith("SQLITE_CONSTRAINT")) return this.#saveEach(rows);
      this.#parts.log(
        `usage: ${rows.length} rows could not be saved (${codeOf(error)}); they wait in memory. Check the disk of the data folder.`,
      );
      return false;
    }
  }

  /** A row that breaks the table's rules must not take the rest of its turn with it. */
  #saveEach(rows: readonly UsageRow[]): boolean {
    const [row] = rows;
    if (row && rows.length === 1) {
      this.#dropped += 1;
      this.#parts.log(`usage: the row of request ${row.id} is not valid and was dropped.`);
      return true;
    }
    const left = rows.filter((each) => !this.#save([each]));
    if (left.length > 0) this.#startWaiting(left);
    return true;
  }

  #startWaiting(rows: readonly UsageRow[]): void {
    this.#keepWaiting(rows);
    this.#delay_ms = first_delay_ms;
    this.#parts.later(() => this.#retry(), this.#delay_ms);
  }

  #keepWaiting(rows: readonly UsageRow[]): void {
    const room = waiting_max - this.#waiting.length;
    this.#waiting.push(...rows.slice(0, room));
    if (rows.length <= room) return;
    this.#dropped += rows.length - room;
    this.#parts.log(`usage: ${this.#dropped} rows are lost, because too many wait for the disk.`);
  }

  #retry(): void {
    const rows = this.#waiting;
    if (rows.length === 0) return;
    this.#waiting = [];
    if (this.#save(rows)) {
      this.#parts.log(`usage: ${rows.length} waiting rows are saved.`);
      return;
    }
    this.#waiting = rows;
    this.#delay_ms = Math.min(this.#delay_ms * 2, longest_delay_ms);
    this.#parts.later(() => this.#retry(), this.#delay_ms);
  }
}

function timeout(run: () => void, delay_ms: number): void {
  setTimeout(run, delay_ms).unref();
}

/** A row whose commit was acknowledged late may come twice; the request id makes that harmless. */
function preparedInsert(database: Database) {
  const names = Object.keys(getTableColumns(usage));
  const values = Object.fromEntries(names.map((name) => [name, sql.placeholder(name)]));
  return database
    .insert(usage)
    .values(values as Record<keyof UsageRow, Placeholder>)
    .onConflictDoNothing()
    .prepare();
}

function codeOf(error: unknown): string {
  return error instanceof Error && "code" in error ? String(error.code) : "unknown error";
}
