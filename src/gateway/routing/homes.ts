/** Of one replica; a conversation that is older is found by its hash, as one that is new. */
const most = 1024;

/** The conversations that a replica has answered of late, by their affinity: it has their beginnings in its cache. */
export class Homes {
  /** When each was answered, the one answered last at the end. Most replicas are the only ones of their models. */
  #answered: Map<number, number> | null = null;

  get size(): number {
    return this.#answered?.size ?? 0;
  }

  /** The turn in which it was answered; -1 when it was not, or long ago. */
  turnOf(affinity: number): number {
    return this.#answered?.get(affinity) ?? -1;
  }

  note(affinity: number, turn: number): void {
    this.#answered ??= new Map();
    this.#answered.delete(affinity);
    this.#answered.set(affinity, turn);
    if (this.#answered.size <= most) return;
    for (const oldest of this.#answered.keys()) {
      this.#answered.delete(oldest);
      return;
    }
  }
}
