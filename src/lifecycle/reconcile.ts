/**
 * The one loop that owns desired replicas. Level-triggered: every pass compares all that is wanted
 * with all that is there, so a lost or doubled nudge changes nothing.
 */
import { eq, inArray } from "drizzle-orm";
import type { Desired, ObservedReplica } from "../../agent/contract/messages.ts";
import { newId } from "../identifier.ts";
import type { Database } from "../storage/database.ts";
import { type Assignment, assign, type ElasticHost, type ElasticModel } from "./elastic.ts";
import { generations, type ReplicaSpec, replicas } from "./table.ts";

/** What the loop needs from the rest of the appliance. */
export interface Surroundings {
  models(): ElasticModel[];
  hosts(): ElasticHost[];
  /** What a host said last; empty for a host that has not reported since this process started. */
  observed(hostId: string): readonly ObservedReplica[];
  setDesired(hostId: string, desired: Desired): void;
  /** Called after each pass with everything that routing and the dashboard may want to know. */
  published(replicas: readonly ReplicaStatus[]): void;
  /** A pass failed; the next one tries again. */
  report(error: unknown): void;
}

/** A desired replica joined with what its host says of it. `waiting`: the host has not spoken of it yet. */
export interface ReplicaStatus {
  id: string;
  model_id: string;
  host_id: string;
  spec: ReplicaSpec;
  state: ObservedReplica["state"] | "waiting";
  observed: ObservedReplica | null;
}

export class Lifecycle {
  readonly #database: Database;
  readonly #around: Surroundings;
  readonly #now: () => number;
  #assignments: Assignment[];
  #generation: number;
  #statuses: ReplicaStatus[] = [];
  #scheduled = false;
  #timer: ReturnType<typeof setInterval> | undefined;

  constructor(database: Database, around: Surroundings, now: () => number) {
    this.#database = database;
    this.#around = around;
    this.#now = now;
    this.#assignments = database.select().from(replicas).all();
    this.#generation = database.select().from(generations).get()?.generation ?? 0;
  }

  /** Runs a pass now and every INTERVAL_MS, for what only time brings: hosts that stay silent. */
  start(intervalMs = 5000): void {
    this.#attempt();
    this.#timer = setInterval(() => this.#attempt(), intervalMs);
  }

  stop(): void {
    clearInterval(this.#timer);
  }

  /** Asks for a pass soon. Many calls in one turn of the event loop are one pass. */
  nudge(): void {
    if (this.#scheduled) return;
    this.#scheduled = true;
    setImmediate(() => {
      this.#scheduled = false;
      this.#attempt();
    });
  }

  /** A full disk, say, must end neither the loop nor the process. */
  #attempt(): void {
    try {
      this.reconcile();
    } catch (error) {
      this.#around.report(error);
    }
  }

  reconcile(): void {
    const hosts = this.#around.hosts();
    this.#commit(assign(this.#around.models(), hosts, this.#assignments));
    for (const host of hosts) this.#around.setDesired(host.id, this.#desiredOf(host.id));
    this.#statuses = this.#join(hosts);
    this.#around.published(this.#statuses);
  }

  statuses(): readonly ReplicaStatus[] {
    return this.#statuses;
  }

  /** The database first, memory after: what an agent is told has always been committed. */
  #commit(changes: ReturnType<typeof assign>): void {
    const { add, remove, renew } = changes;
    if (add.length + remove.length + renew.length === 0) return;
    const created_at = this.#now();
    const added = add.map((a) => ({ id: newId("rep"), epoch: 1, created_at, ...a }));
    const specs = new Map(renew.map((r) => [r.id, r.spec]));
    const kept = this.#assignments
      .filter((replica) => !remove.includes(replica.id))
      .map((replica) => {
        const spec = specs.get(replica.id);
        return spec ? { ...replica, spec, epoch: replica.epoch + 1 } : replica;
      });
    const generation = this.#generation + 1;
    this.#database.transaction((tx) => {
      if (remove.length > 0) tx.delete(replicas).where(inArray(replicas.id, remove)).run();
      if (added.length > 0) tx.insert(replicas).values(added).run();
      for (const { id, epoch, spec } of kept.filter((replica) => specs.has(replica.id))) {
        tx.update(replicas).set({ epoch, spec }).where(eq(replicas.id, id)).run();
      }
      tx.insert(generations)
        .values({ id: 1, generation })
        .onConflictDoUpdate({ target: generations.id, set: { generation } })
        .run();
    });
    this.#assignments = [...kept, ...added];
    this.#generation = generation;
  }

  #desiredOf(hostId: string): Desired {
    return {
      generation: this.#generation,
      replicas: this.#assignments
        .filter((replica) => replica.host_id === hostId)
        .map(({ id, epoch, spec }) => ({ id, epoch, ...spec })),
    };
  }

  #join(hosts: readonly ElasticHost[]): ReplicaStatus[] {
    const observed = new Map<string, ObservedReplica>();
    for (const host of hosts) {
      for (const replica of this.#around.observed(host.id)) observed.set(replica.id, replica);
    }
    return this.#assignments.map(({ id, model_id, host_id, epoch, spec }) => {
      const seen = observed.get(id);
      const current = seen?.epoch === epoch ? seen : null;
      return { id, model_id, host_id, spec, state: current?.state ?? "waiting", observed: current };
    });
  }
}
