interface Seat<Place> {
  resolve(place: Place): void;
  reject(reason: unknown): void;
}

/**
 * Requests that wait for one endpoint to wake, first come first served. It does not know what a place
 * is, nor the time: who waits too long aborts the signal that it came with.
 */
export class WaitingRoom<Place> {
  readonly #limit: number;
  /** In the order of arrival, as sets are; leaving from the middle costs nothing. */
  readonly #seats = new Set<Seat<Place>>();

  constructor(limit: number) {
    this.#limit = limit;
  }

  get size(): number {
    return this.#seats.size;
  }

  get isFull(): boolean {
    return this.#seats.size >= this.#limit;
  }

  /** Resolves with a place; rejects with the reason of SIGNAL, or with that of `dismiss`. */
  enter(signal: AbortSignal): Promise<Place> {
    const { promise, resolve, reject } = Promise.withResolvers<Place>();
    const seat = { resolve, reject };
    const leave = (): void => {
      if (this.#seats.delete(seat)) reject(signal.reason);
    };
    this.#seats.add(seat);
    signal.addEventListener("abort", leave, { once: true });
    if (signal.aborted) leave();
    return promise;
  }

  /** Serves everybody, in order, for as long as TAKE gives places. */
  admit(take: () => Place | null): void {
    for (const seat of this.#seats) {
      const place = take();
      if (place === null) return;
      this.#seats.delete(seat);
      seat.resolve(place);
    }
  }

  /** Sends everybody away. */
  dismiss(reason: unknown): void {
    for (const seat of this.#seats) seat.reject(reason);
    this.#seats.clear();
  }
}
