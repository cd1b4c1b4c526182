/**
 * `replica_gone`: the host does not have it, or has it no more. `host_disconnected`: ask again when the
 * host is back. `too_many`: so many logs of this host are read already.
 */
export type LogEnd = "replica_gone" | "host_disconnected" | "too_many";

export interface LogConsumer {
  /**
   * The first call has the last lines, perhaps none; DROPPED lines are missing before these. A consumer
   * that cannot take more for now answers with a promise: until it resolves the newest 1000 lines wait
   * here, and older ones are counted as dropped. When it throws or rejects, the follow is over.
   */
  onLines(lines: string[], dropped: number): void | Promise<void>;
  /** Called once, after the last lines; not after the consumer itself has unfollowed. */
  onEnd(reason: LogEnd): void;
}

const most_waiting = 1000;

/** Between one followed log and its consumer: one call at a time, and a bound on what waits for it. */
export class LogDelivery {
  #consumer: LogConsumer | undefined;
  readonly #broken: () => void;
  #waiting: string[] = [];
  #dropped = 0;
  /** Something came since the consumer was last called, be it an answer without lines. */
  #news = false;
  #busy = false;
  #end: LogEnd | undefined;

  /** BROKEN is called when the consumer threw or rejected. */
  constructor(consumer: LogConsumer, broken: () => void) {
    this.#consumer = consumer;
    this.#broken = broken;
  }

  lines(lines: readonly string[], dropped: number): void {
    const all = [...this.#waiting, ...lines];
    this.#waiting = all.slice(-most_waiting);
    this.#dropped += dropped + all.length - this.#waiting.length;
    this.#news = true;
    void this.#deliver();
  }

  end(reason: LogEnd): void {
    this.#end ??= reason;
    void this.#deliver();
  }

  /** The consumer hears nothing from now on. */
  stop(): void {
    this.#consumer = undefined;
    this.#waiting = [];
  }

  async #deliver(): Promise<void> {
    if (this.#busy) return;
    this.#busy = true;
    try {
      while (this.#news && this.#consumer) {
        const [lines, dropped] = [this.#waiting, this.#dropped];
        this.#waiting = [];
        this.#dropped = 0;
        this.#news = false;
        await this.#consumer.onLines(lines, dropped);
      }
      if (this.#end) this.#consumer?.onEnd(this.#end);
      if (this.#end) this.stop();
    } catch {
      this.stop();
      this.#broken();
    }
    this.#busy = false;
  }
}
