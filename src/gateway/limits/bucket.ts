/**
 * A token bucket: so many in a minute, refilled all the time. After a quiet minute all of it may come at
 * once. It may fall below 0: then something has to come back before more is given. Times in milliseconds.
 */
export class Bucket {
  #per_minute: number;
  #level: number;
  #at: number;

  constructor(per_minute: number, now: number) {
    this.#per_minute = per_minute;
    this.#level = per_minute;
    this.#at = now;
  }

  /** Also the most that it holds. */
  get per_minute(): number {
    return this.#per_minute;
  }

  level(now: number): number {
    if (now > this.#at) {
      const refilled = this.#level + ((now - this.#at) * this.#per_minute) / minute_ms;
      this.#level = Math.min(this.#per_minute, refilled);
      this.#at = now;
    }
    return this.#level;
  }

  /** Whole milliseconds until COUNT are there; 0: now. Never waits for more than all that it holds. */
  wait_ms(count: number, now: number): number {
    const missing = Math.min(count, this.#per_minute) - this.level(now);
    if (missing <= rounding) return 0;
    return Math.ceil(((missing - rounding / 2) * minute_ms) / this.#per_minute);
  }

  /** May leave less than nothing. */
  take(count: number, now: number): void {
    this.#level = Math.min(this.#per_minute, this.level(now) - count);
  }

  give(count: number, now: number): void {
    this.take(-count, now);
  }

  /** What was taken in the running minute stays taken. */
  resize(per_minute: number, now: number): void {
    const taken = this.#per_minute - this.level(now);
    this.#per_minute = per_minute;
    this.#level = per_minute - taken;
  }
}

const minute_ms = 60_000;
/** Sums of fractions end a little beside the number that was meant. */
const rounding = 1e-6;
