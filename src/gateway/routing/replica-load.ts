import { besideOthers } from "../pieces/pieces.ts";
import { type Breaker, type FailureCause, failed, healthy, tried, unproven } from "./breaker.ts";
import { Homes } from "./homes.ts";
import { type Load, seedOf, select } from "./selection.ts";
import type { ReadyReplica } from "./snapshot.ts";

/** A replica as one model has it. */
export interface Place {
  readonly replica: ReadyReplica;
  readonly load: Known;
}

/** What a replica is doing, for all models: a provider has one number of slots for many. */
interface Known extends Load {
  readonly id: string;
  readonly homes: Homes;
  /** Requests, however many places they take. */
  claims: number;
  /** The snapshot that last had it. */
  seen: number;
}

/**
 * How busy every replica is, and whether it is well. Both survive new snapshots, also those without the
 * replica: it works on until its last request has ended, and may come back.
 */
export class ReplicaLoad {
  readonly #now: () => number;
  readonly #known = new Map<string, Known>();
  #snapshot = 0;
  #turn = 0;
  /** Replicas with something against them: with none, the clock need not be read. */
  #suspects = 0;

  /** NOW: milliseconds, never going back. */
  constructor(now: () => number) {
    this.#now = now;
  }

  /** A new snapshot follows, replica by replica. */
  begin(): void {
    this.#snapshot++;
  }

  of(ready: readonly ReadyReplica[]): readonly Place[] {
    return ready.map((replica) => ({ replica, load: this.#loadOf(replica) }));
  }

  /** The snapshot is complete: what it did not have, and nobody uses, is forgotten. */
  end(): void {
    for (const load of this.#known.values()) this.#forgetIfGone(load);
  }

  /** Null when no replica can take it. See `select`. */
  choose(
    places: readonly Place[],
    except: ReadonlySet<string>,
    affinity?: () => number,
    count = 1,
  ): Place | null {
    const now = this.#suspects === 0 ? 0 : this.#now();
    const turn = this.#turn++;
    let number: number | undefined;
    const asked = affinity && (() => (number = affinity()));
    const place = select(places, except, asked, turn, now, count);
    if (number !== undefined) place?.load.homes.note(number, turn);
    return place;
  }

  /** Returns what `leave` is to be told: the state of the breaker when this request is its trial, else null. */
  enter({ load }: Place): Breaker | null {
    load.inflight++;
    load.claims++;
    if (load.breaker === healthy) return null;
    const breaker = tried(load.breaker, this.#now());
    if (breaker === load.breaker) return null;
    load.breaker = breaker;
    return breaker;
  }

  /** HELD: how many places it had. */
  leave({ load }: Place, trial: Breaker | null, held = 1): void {
    load.inflight -= held;
    load.claims--;
    if (trial && load.breaker === trial) load.breaker = unproven(trial);
    this.#forgetIfGone(load);
  }

  /**
   * How many places a claim may use that has HELD: an equal part of them, or what others leave free; and never more
   * than half, so that whoever comes with one question finds a place.
   */
  share({ load }: Place, held: number): number {
    const { slots, claims, inflight } = load;
    const fair = Math.max(Math.floor(slots / claims), slots - (inflight - held));
    return Math.max(1, Math.min(besideOthers(slots), fair));
  }

  /** CAUSE: null when the replica did well. */
  outcome(replicaId: string, cause: FailureCause | null): void {
    const load = this.#known.get(replicaId);
    if (!load || (cause === null && load.breaker === healthy)) return;
    if (load.breaker !== healthy) this.#suspects--;
    load.breaker = cause === null ? healthy : failed(load.breaker, cause, this.#now());
    if (load.breaker !== healthy) this.#suspects++;
  }

  inflight(replicaId: string): number {
    return this.#known.get(replicaId)?.inflight ?? 0;
  }

  #loadOf({ id, slots }: ReadyReplica): Known {
    const seen = this.#snapshot;
    const known = this.#known.get(id);
    if (known) return Object.assign(known, { slots, seen });
    const homes = new Homes();
    const load = {
      id,
      slots,
      inflight: 0,
      claims: 0,
      breaker: healthy,
      seed: seedOf(id),
      homes,
      seen,
    };
    this.#known.set(id, load);
    return load;
  }

  #forgetIfGone(load: Known): void {
    if (load.inflight > 0 || load.seen === this.#snapshot) return;
    this.#known.delete(load.id);
    if (load.breaker !== healthy) this.#suspects--;
  }
}
