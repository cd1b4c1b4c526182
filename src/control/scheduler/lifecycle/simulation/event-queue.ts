/** What happens when, in simulated time. Things of the same moment happen in the order they were put down. */
export class EventQueue {
  readonly #heap: { at: number; order: number; act: () => void }[] = [];
  #order = 0;
  now = 0;

  after(delay_ms: number, act: () => void): void {
    this.at(this.now + Math.max(0, delay_ms), act);
  }

  at(at: number, act: () => void): void {
    const heap = this.#heap;
    heap.push({ at, order: this.#order++, act });
    for (let child = heap.length - 1; child > 0; ) {
      const parent = (child - 1) >> 1;
      if (!this.#isBefore(child, parent)) break;
      this.#swap(child, parent);
      child = parent;
    }
  }

  /** Plays everything until UNTIL; what is later stays. */
  run(until: number): void {
    for (;;) {
      const next = this.#heap[0];
      if (!next || next.at > until) break;
      this.#takeFirst();
      this.now = next.at;
      next.act();
    }
    this.now = until;
  }

  #takeFirst(): void {
    const heap = this.#heap;
    const last = heap.pop();
    if (!last || heap.length === 0) return;
    heap[0] = last;
    for (let parent = 0; ; ) {
      const left = parent * 2 + 1;
      const right = left + 1;
      let least = parent;
      if (left < heap.length && this.#isBefore(left, least)) least = left;
      if (right < heap.length && this.#isBefore(right, least)) least = right;
      if (least === parent) return;
      this.#swap(parent, least);
      parent = least;
    }
  }

  #isBefore(a: number, b: number): boolean {
    const [one, other] = [this.#heap[a], this.#heap[b]];
    if (!one || !other) return false;
    return one.at < other.at || (one.at === other.at && one.order < other.order);
  }

  #swap(a: number, b: number): void {
    const [one, other] = [this.#heap[a], this.#heap[b]];
    if (one && other) {
      this.#heap[a] = other;
      this.#heap[b] = one;
    }
  }
}
