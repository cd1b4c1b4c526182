import { leastLoaded } from "./least-load.ts";
import type { ReadyReplica } from "./snapshot.ts";

/** A replica and what it is doing. */
export interface Place {
  replica: ReadyReplica;
  slots: number;
  inflight: number;
  /** Until then it is taken only when there is no other. */
  ejected_until: number;
  /** The snapshot that last had it. */
  seen: number;
}

const ejection_ms = 2_000;

/**
 * How busy every replica is. Counts survive new snapshots, also those without the replica: it works on
 * until its last request has ended, and may come back.
 */
export class Places {
  readonly #now: () => number;
  readonly #places = new Map<string, Place>();
  #snapshot = 0;
  #turn = 0;
  /** When the last ejection ends: with none, the clock need not be read. */
  #ejections_end = 0;

  /** NOW: milliseconds, never going back. */
  constructor(now: () => number) {
    this.#now = now;
  }

  /** A new snapshot follows, replica by replica. */
  begin(): void {
    this.#snapshot++;
  }

  of(ready: readonly ReadyReplica[]): readonly Place[] {
    return ready.map((replica) => {
      const { slots, id } = replica;
      const known = this.#places.get(id);
      if (known) return Object.assign(known, { replica, slots, seen: this.#snapshot });
      const place = { replica, slots, inflight: 0, ejected_until: 0, seen: this.#snapshot };
      this.#places.set(id, place);
      return place;
    });
  }

  /** The snapshot is complete: what it did not have, and nobody uses, is forgotten. */
  end(): void {
    for (const place of this.#places.values()) this.#forgetIfGone(place);
  }

  /** The least loaded of PLACES that is not in EXCEPT. */
  choose(places: readonly Place[], except: ReadonlySet<string>): Place | null {
    const untried =
      except.size === 0 ? places : places.filter(({ replica }) => !except.has(replica.id));
    return leastLoaded(this.#trusted(untried), this.#turn++);
  }

  #trusted(places: readonly Place[]): readonly Place[] {
    if (this.#ejections_end === 0) return places;
    const now = this.#now();
    if (now >= this.#ejections_end) {
      this.#ejections_end = 0;
      return places;
    }
    const trusted = places.filter(({ ejected_until }) => ejected_until <= now);
    return trusted.length > 0 ? trusted : places;
  }

  leave(place: Place): void {
    place.inflight--;
    this.#forgetIfGone(place);
  }

  eject(replicaId: string): void {
    const place = this.#places.get(replicaId);
    if (!place) return;
    this.#ejections_end = this.#now() + ejection_ms;
    place.ejected_until = this.#ejections_end;
  }

  inflight(replicaId: string): number {
    return this.#places.get(replicaId)?.inflight ?? 0;
  }

  #forgetIfGone(place: Place): void {
    if (place.inflight > 0 || place.seen === this.#snapshot) return;
    this.#places.delete(place.replica.id);
  }
}
