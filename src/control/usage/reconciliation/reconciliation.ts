import type { Database } from "../../storage/database.ts";
import { addCheck } from "./checks.ts";
import { engineCounters } from "./counters.ts";
import { type Metered, minus, plus } from "./drift.ts";
import { newWatch, stepFor, take, type Watch } from "./watch.ts";

/** A replica that answers requests. */
export interface MeteredReplica {
  id: string;
  model: string;
}

/** The part of a usage row that is compared. */
export interface MeteredRow extends Metered {
  replica: string | null;
}

export interface ReconciliationParts {
  database: Database;
  /** All that are ready; a replica whose runtime was started again must have been missing in between. */
  replicas(): readonly MeteredReplica[];
  /** Our own requests that are open on it. */
  inflight(replica_id: string): number;
  /** Its runtime's `/metrics`, also when it takes no more requests. Rejects when it cannot be had. */
  read(replica_id: string, signal: AbortSignal): Promise<string>;
  /** Milliseconds, never going back. */
  now(): number;
  /** Milliseconds since the epoch: for what is stored. */
  wall(): number;
  /** One line for the operator. */
  log(line: string): void;
  /** An hour without it. */
  interval_ms?: number;
}

const hour_ms = 3_600_000;
const tick_ms = 1000;
const read_timeout_ms = 5000;
const retry_ms = 60_000;
const farewell_timeout_ms = 2000;

/**
 * Compares what was metered with what the engines counted: once an hour and before a replica goes,
 * from the first idle moment after it became ready. That is after the agent's own probe of one token,
 * which therefore counts as nobody's.
 */
export class Reconciliation {
  readonly #parts: ReconciliationParts;
  readonly #interval_ms: number;
  readonly #watches = new Map<string, Watch>();
  #ticking: Promise<void> | null = null;
  #timer: ReturnType<typeof setInterval> | undefined;

  constructor(parts: ReconciliationParts) {
    this.#parts = parts;
    this.#interval_ms = parts.interval_ms ?? hour_ms;
  }

  start(): void {
    this.#timer = setInterval(() => void this.tick(), tick_ms);
  }

  /** Compares what can be compared at once: the engines live on, but who watched them does not. */
  async stop(): Promise<void> {
    clearInterval(this.#timer);
    await this.#ticking;
    const signal = AbortSignal.timeout(farewell_timeout_ms);
    for (const watch of this.#watches.values()) watch.due_at = -Infinity;
    for (const watch of this.#watches.values()) {
      if (!signal.aborted && this.#step(watch) === "look") await this.#check(watch, signal, false);
    }
  }

  /** For every row. */
  recorded(row: MeteredRow): void {
    this.#add(row.replica, row, plus);
  }

  /** For every row whose counts are better now. */
  amended(before: MeteredRow, better: Metered): void {
    this.#add(before.replica, before, minus);
    this.#add(before.replica, better, plus);
  }

  /** Looks at what is due. Never rejects; on its own once a second, and when replicas come or go. */
  tick(): Promise<void> {
    this.#ticking ??= this.tickOnce().finally(() => {
      this.#ticking = null;
    });
    return this.#ticking;
  }

  #add(replica: string | null, row: Metered, how: typeof plus): void {
    const watch = replica === null ? undefined : this.#watches.get(replica);
    if (!watch) return;
    watch.metered = how(watch.metered, row);
    watch.touched_at = this.#parts.now();
  }

  async tickOnce(): Promise<void> {
    this.#comeAndGo();
    for (const watch of this.#watches.values()) {
      const step = this.#step(watch);
      if (step === "forget") this.#watches.delete(watch.replica);
      else if (step !== "wait") {
        const signal = AbortSignal.timeout(read_timeout_ms);
        await this.#check(watch, signal, step === "look-anyway");
      }
    }
  }

  #comeAndGo(): void {
    const now = this.#parts.now();
    const ready = new Map(this.#parts.replicas().map(({ id, model }) => [id, model]));
    for (const [id, model] of ready) {
      const known = this.#watches.get(id);
      // One that has come back was probed again, and what it counted meanwhile is not ours.
      if (!known || known.leaving) this.#watches.set(id, newWatch(id, model, now));
    }
    for (const watch of this.#watches.values()) {
      if (watch.leaving || ready.has(watch.replica)) continue;
      watch.leaving = true;
      watch.due_at = now;
    }
  }

  #step(watch: Watch) {
    const { now, inflight } = this.#parts;
    return stepFor(watch, now(), inflight(watch.replica), this.#interval_ms);
  }

  async #check(watch: Watch, signal: AbortSignal, anyway: boolean): Promise<void> {
    const { replica, metered } = watch;
    const { read, inflight, now, log } = this.#parts;
    try {
      const counters = engineCounters(await read(replica, signal));
      const open = (counters?.inflight ?? 0) + inflight(replica);
      const wasDisturbed = open > 0 || watch.metered !== metered;
      if (counters && wasDisturbed && !anyway) return;
      watch.due_at = now() + this.#interval_ms;
      if (!counters) log(`metering: the runtime of replica ${replica} shows no token counters.`);
      else if (this.#store(watch, counters) && anyway && wasDisturbed) {
        log(
          `metering: replica ${replica} was never idle, so its check is off by what ${open} requests were about to count; the next one makes up for it.`,
        );
      }
    } catch (error) {
      watch.due_at = now() + retry_ms;
      if (!watch.leaving) log(`metering: replica ${replica} could not be checked: ${named(error)}`);
    }
    if (watch.leaving) this.#watches.delete(replica);
  }

  /** True when there was something to compare. Throws when the disk refuses, and then nothing is taken. */
  #store(watch: Watch, counters: Parameters<typeof take>[1]): boolean {
    const { database, now, wall, log } = this.#parts;
    const before = { baseline: watch.baseline, metered: watch.metered };
    const finding = take(watch, counters, now());
    const { replica, model } = watch;
    if (finding === "restarted") {
      log(
        `metering: the runtime of replica ${replica} restarted; what it did before is unchecked.`,
      );
    }
    if (typeof finding === "string") return false;
    try {
      const to = wall();
      const from = to - (now() - finding.from);
      addCheck(database, { from, to, replica, model, ...finding.compared });
      return true;
    } catch (error) {
      Object.assign(watch, before);
      throw error;
    }
  }
}

/** Never the text of an answer. */
const named = (error: unknown): string => (error instanceof Error ? error.name : "unknown error");
