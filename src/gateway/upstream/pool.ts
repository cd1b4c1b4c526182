import type { Connection } from "./connection.ts";

interface Idle {
  connection: Connection;
  since: number;
}

/**
 * Idle connections by address, the one used last taken first. A connection is given out only while
 * younger than `idleMs`: llama-server and uvicorn both close an idle one after 5 s.
 */
export class Pool {
  readonly #idle = new Map<string, Idle[]>();
  readonly #maxPerAddress: number;
  readonly #idleMs: number;
  readonly #now: () => number;
  #sweeper: Timer | null = null;

  constructor(options: { maxPerAddress: number; idleMs: number; now: () => number }) {
    this.#maxPerAddress = options.maxPerAddress;
    this.#idleMs = options.idleMs;
    this.#now = options.now;
  }

  /** One that has been idle for RESTED_MS at least. */
  take(key: string, rested_ms = 0): Connection | null {
    const entries = this.#idle.get(key);
    if (!entries) return null;
    const now = this.#now();
    const index =
      rested_ms === 0
        ? entries.length - 1
        : entries.findLastIndex(({ since }) => now - since >= rested_ms);
    const [entry] = index < 0 ? [] : entries.splice(index, 1);
    if (!entry) return null;
    if (now - entry.since < this.#idleMs) return entry.connection;
    // The one used last is too old, so the others are as well.
    entry.connection.destroy();
    this.#expire();
    return null;
  }

  put(connection: Connection): void {
    const entries = this.#idle.get(connection.key) ?? [];
    if (entries.length >= this.#maxPerAddress) {
      connection.destroy();
      return;
    }
    connection.idle();
    entries.push({ connection, since: this.#now() });
    this.#idle.set(connection.key, entries);
    this.#sweeper ??= setInterval(() => this.#expire(), this.#idleMs).unref();
  }

  /** Forgets a connection that closed by itself. */
  drop(connection: Connection): void {
    const entries = this.#idle.get(connection.key);
    const index = entries?.findIndex((entry) => entry.connection === connection) ?? -1;
    if (index >= 0) entries?.splice(index, 1);
    if (entries?.length === 0) this.#idle.delete(connection.key);
  }

  get size(): number {
    let count = 0;
    for (const entries of this.#idle.values()) count += entries.length;
    return count;
  }

  close(): void {
    this.#expire(Number.POSITIVE_INFINITY);
  }

  #expire(now = this.#now()): void {
    for (const entries of [...this.#idle.values()]) {
      for (const entry of entries.filter((idle) => now - idle.since >= this.#idleMs)) {
        entry.connection.destroy();
      }
    }
    if (this.#idle.size > 0 || !this.#sweeper) return;
    clearInterval(this.#sweeper);
    this.#sweeper = null;
  }
}
