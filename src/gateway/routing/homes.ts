import { LRUCache } from "lru-cache";

/** Of one replica; a conversation that is older is found by its hash, as one that is new. */
const most = 1024;

/** The conversations that a replica has answered of late, by their affinity: it has their beginnings in its cache. */
export class Homes {
  /** The turn in which each was answered. Most replicas are the only ones of their models, and need none. */
  #answered: LRUCache<number, number> | undefined;

  get size(): number {
    return this.#answered?.size ?? 0;
  }

  /** The turn in which it was answered; -1 when it was not, or long ago. */
  turnOf(affinity: number): number {
    return this.#answered?.peek(affinity) ?? -1;
  }

  note(affinity: number, turn: number): void {
    this.#answered ??= new LRUCache({ max: most });
    this.#answered.set(affinity, turn);
  }
}
