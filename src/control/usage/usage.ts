import type { Database } from "../storage/database.ts";
import { UsageRows } from "./rows.ts";
import type { Amended, Amendment, Counts, UsageRow } from "./usage-row.ts";

export interface UsageParts {
  /** One line for the operator; never holds more of a row than its id. */
  log(line: string): void;
  /** Calls RUN once, DELAY_MS from now. */
  later?(run: () => void, delay_ms: number): void;
}

type Write = UsageRow | Amendment;

const first_delay_ms = 1000;
const longest_delay_ms = 30_000;
/** About 5 MB of rows; what comes after that while the disk is full is counted and dropped. */
const waiting_max = 10_000;

/**
 * The meter. What arrives in one turn of the event loop becomes one transaction at its end: the more
 * there is to do, the more rows share a commit, and a lone row waits for nobody.
 *
 * When the disk refuses a commit, the callers' promises still resolve: a client must not lose its
 * answer because metering is impossible. The rows then wait in memory, up to `waiting_max`, and are
 * tried again with back-off; each try is logged, and `unrecorded` says how many rows are not on disk.
 */
export class UsageLog {
  readonly #parts: Required<UsageParts>;
  readonly #saveAll: (writes: readonly Write[]) => Amended[];
  readonly #listeners = new Set<(row: UsageRow) => void>();
  readonly #amendmentListeners = new Set<(amended: Amended) => void>();
  #fresh: Write[] = [];
  #turn: Promise<void> | undefined;
  /** What a failed commit left over. While there is any, the timer alone commits. */
  #waiting: Write[] = [];
  #delay_ms = first_delay_ms;
  #dropped = 0;

  constructor(database: Database, { log, later = timeout }: UsageParts) {
    this.#parts = { log, later };
    const rows = new UsageRows(database);
    this.#saveAll = database.$client.transaction((writes: readonly Write[]) => {
      rows.insert(writes.filter(isRow));
      return writes.flatMap((write) => (isRow(write) ? [] : (rows.amend(write) ?? [])));
    });
  }

  /** Resolves when the row is committed, or when it is certain that it cannot be right now. Never rejects. */
  record(row: UsageRow): Promise<void> {
    return this.#add(row);
  }

  /** Replaces the counts of a row that was recorded, be it on disk by now or not. Makes no row. */
  amend(id: string, better: Counts): void {
    void this.#add({ id, better });
  }

  /** Hears of every recorded row, committed or waiting: for counters that must not read the database. */
  onRecord(listener: (row: UsageRow) => void): void {
    this.#listeners.add(listener);
  }

  /** Hears of every row that was amended, when it is. */
  onAmend(listener: (amended: Amended) => void): void {
    this.#amendmentListeners.add(listener);
  }

  /** Rows of this process that are not on disk: still waiting, or dropped. */
  get unrecorded(): number {
    return this.#waiting.filter(isRow).length + this.#dropped;
  }

  /** For shutdown: commits all that can be committed. Returns how many rows could not be. */
  flush(): number {
    this.#commit();
    if (this.#waiting.length > 0) this.#retry();
    return this.unrecorded;
  }

  #add(write: Write): Promise<void> {
    this.#fresh.push(write);
    this.#turn ??= new Promise((resolve) => {
      setImmediate(() => {
        this.#turn = undefined;
        this.#commit();
        resolve();
      });
    });
    return this.#turn;
  }

  #commit(): void {
    const writes = this.#fresh;
    this.#fresh = [];
    // A disk that has just refused is not asked again in every turn: that would stall every stream.
    if (this.#waiting.length > 0) this.#keepWaiting(writes);
    else if (writes.length > 0 && !this.#save(writes)) this.#startWaiting(writes);
    for (const write of writes) {
      if (isRow(write)) for (const listener of this.#listeners) listener(write);
    }
  }

  #save(writes: readonly Write[]): boolean {
    let amended: Amended[];
    try {
      amended = this.#saveAll(writes);
    } catch (error) {
      if (codeOf(error).startsWith("SQLITE_CONSTRAINT")) return this.#saveEach(writes);
      this.#parts.log(
        `usage: ${writes.length} rows could not be saved (${codeOf(error)}); they wait in memory. Check the disk of the data folder.`,
      );
      return false;
    }
    for (const each of amended) for (const listener of this.#amendmentListeners) listener(each);
    return true;
  }

  /** A row that breaks the table's rules must not take the rest of its turn with it. */
  #saveEach(writes: readonly Write[]): boolean {
    const [write] = writes;
    if (write && writes.length === 1) {
      this.#drop(write);
      return true;
    }
    const left = writes.filter((each) => !this.#save([each]));
    if (left.length > 0) this.#startWaiting(left);
    return true;
  }

  #drop(write: Write): void {
    const what = isRow(write) ? "row of" : "counts for";
    if (isRow(write)) this.#dropped += 1;
    const was = isRow(write) ? "is not valid and was" : "are not valid and were";
    this.#parts.log(`usage: the ${what} request ${write.id} ${was} dropped.`);
  }

  #startWaiting(writes: readonly Write[]): void {
    this.#keepWaiting(writes);
    this.#delay_ms = first_delay_ms;
    this.#parts.later(() => this.#retry(), this.#delay_ms);
  }

  #keepWaiting(writes: readonly Write[]): void {
    const room = waiting_max - this.#waiting.length;
    this.#waiting.push(...writes.slice(0, room));
    const lost = writes.slice(room).filter(isRow).length;
    if (lost === 0) return;
    this.#dropped += lost;
    this.#parts.log(`usage: ${this.#dropped} rows are lost, because too many wait for the disk.`);
  }

  #retry(): void {
    const writes = this.#waiting;
    if (writes.length === 0) return;
    this.#waiting = [];
    if (this.#save(writes)) {
      this.#parts.log(`usage: ${writes.length} waiting rows are saved.`);
      return;
    }
    this.#waiting = writes;
    this.#delay_ms = Math.min(this.#delay_ms * 2, longest_delay_ms);
    this.#parts.later(() => this.#retry(), this.#delay_ms);
  }
}

const isRow = (write: Write): write is UsageRow => !("better" in write);

function timeout(run: () => void, delay_ms: number): void {
  setTimeout(run, delay_ms).unref();
}

function codeOf(error: unknown): string {
  return error instanceof Error && "code" in error ? String(error.code) : "unknown error";
}
