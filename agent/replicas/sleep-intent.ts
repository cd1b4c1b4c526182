/** Whether a replica is to sleep in place or to be awake, as the control plane said last. */
export class SleepIntent {
  #asleep_bytes: number;
  readonly #listeners = new Set<() => void>();

  constructor(asleep_bytes = 0) {
    this.#asleep_bytes = asleep_bytes;
  }

  /** Of the host's memory, which it may take while it sleeps; 0: it is to be awake. */
  get asleep_bytes(): number {
    return this.#asleep_bytes;
  }

  set(asleep_bytes: number): void {
    this.#asleep_bytes = asleep_bytes;
    for (const listener of [...this.#listeners]) listener();
  }

  /** Resolves as soon as it is to be ASLEEP, or awake, and when SIGNAL aborts. */
  until(asleep: boolean, signal: AbortSignal): Promise<void> {
    return new Promise((settle) => {
      const look = () => {
        if (this.#asleep_bytes > 0 !== asleep && !signal.aborted) return;
        this.#listeners.delete(look);
        signal.removeEventListener("abort", look);
        settle();
      };
      this.#listeners.add(look);
      signal.addEventListener("abort", look, { once: true });
      look();
    });
  }
}
