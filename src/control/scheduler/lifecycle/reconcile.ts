/**
 * The one loop that owns replicas and the standing of every endpoint. Level-triggered: every pass
 * compares all that is wanted with all that is there, so a lost or doubled trigger changes nothing.
 */
import { eq, inArray } from "drizzle-orm";
import type { Desired, S3Access } from "../../../../agent/contract/protocol/messages.ts";
import { isS3Place } from "../../../../agent/contract/s3/source.ts";
import { newId } from "../../../shared/identifier.ts";
import type { Database } from "../../storage/database.ts";
import type { Pressure } from "./dedicated/autoscale.ts";
import type { Decision, Rules } from "./dedicated/situation.ts";
import { pass } from "./pass.ts";
import type { Plan, Unschedulable } from "./plan.ts";
import { generations, replicas } from "./table.ts";
import { joined, type ReplicaRow, type ReplicaStatus, type World } from "./world.ts";

/** What the loop needs from the rest of the appliance. */
export interface ReconcilerDeps {
  /** Everything but the replicas' rows and the time. */
  observe(): Omit<World, "now" | "rows">;
  rules(): Omit<Rules, "now">;
  /** Write down and then remember what was decided for endpoints. */
  endpoints: {
    write(changes: readonly Decision[]): void;
    keep(changes: readonly Decision[]): void;
  };
  /** Tells people of transitions; called inside the transaction that writes them. */
  announce(changes: readonly Decision[]): void;
  /** Of an endpoint, in the clear; empty without one. It goes to the host and is not kept here. */
  tokenOf(owner_id: string): string;
  /** What opens the store of S3, in the clear; null without one. It goes to hosts as a token does. */
  s3Access(): S3Access | null;
  setDesired(host_id: string, desired: Desired): void;
  /** Called after each pass with everything that routing and the dashboard may want to know. */
  published(statuses: readonly ReplicaStatus[], unplaced: ReadonlyMap<string, Unschedulable>): void;
  /** A pass failed; the next one tries again. */
  report(error: unknown): void;
}

export class Lifecycle {
  readonly #database: Database;
  readonly #around: ReconcilerDeps;
  readonly #now: () => number;
  #rows: readonly ReplicaRow[];
  #generation: number;
  #statuses: readonly ReplicaStatus[] = [];
  #pressures: ReadonlyMap<string, Pressure> = new Map();
  #unplaced: ReadonlyMap<string, Unschedulable> = new Map();
  /** Hosts that know the newest of what is wanted from them. */
  readonly #told = new Set<string>();
  #scheduled = false;
  #timer: ReturnType<typeof setInterval> | undefined;

  constructor(database: Database, around: ReconcilerDeps, now: () => number) {
    this.#database = database;
    this.#around = around;
    this.#now = now;
    this.#rows = database.select().from(replicas).all();
    this.#generation = database.select().from(generations).get()?.generation ?? 0;
  }

  /** Runs a pass now and every INTERVAL_MS, for what only time brings: silence, idleness. */
  start(intervalMs = 1000): void {
    this.#attempt();
    this.#timer = setInterval(() => this.#attempt(), intervalMs);
  }

  stop(): void {
    clearInterval(this.#timer);
  }

  /** Asks for a pass soon. Many calls in one turn of the event loop are one pass. */
  trigger(): void {
    if (this.#scheduled) return;
    this.#scheduled = true;
    setImmediate(() => {
      this.#scheduled = false;
      this.#attempt();
    });
  }

  /** What opens sources has changed: every host hears of it, and nothing that runs is touched. */
  resync(): void {
    this.#told.clear();
    this.trigger();
  }

  statuses(): readonly ReplicaStatus[] {
    return this.#statuses;
  }

  /** shared models with fewer replicas than they want, and why, as of the last pass. */
  unplaced(): ReadonlyMap<string, Unschedulable> {
    return this.#unplaced;
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
    const now = this.#now();
    const world = { ...this.#around.observe(), now, rows: this.#rows };
    const plan = pass(world, { ...this.#around.rules(), now }, this.#pressures);
    this.#commit(plan);
    this.#pressures = plan.pressures;
    this.#tell(world.hosts.filter(({ id }) => !this.#told.has(id)).map(({ id }) => id));
    this.#statuses = joined(this.#rows, world.hosts);
    this.#unplaced = plan.unschedulable;
    this.#around.published(this.#statuses, plan.unschedulable);
    // A transition may call for the next step at once: a new place, or what a failure frees.
    if (plan.changes.some(({ transition }) => transition !== null)) this.trigger();
  }

  /** The database first, memory after: what an agent is told has always been committed. */
  #commit(plan: Plan): void {
    const { changes, add, unwanted, gone, renew, sleep_intents } = plan;
    const moves = add.length + unwanted.length + renew.length + sleep_intents.length > 0;
    if (!moves && changes.length === 0 && gone.length === 0) return;
    const generation = moves ? this.#generation + 1 : this.#generation;
    const rows = this.#next(plan, generation);
    this.#database.transaction((tx) => {
      for (const batch of batches(gone))
        tx.delete(replicas).where(inArray(replicas.id, batch)).run();
      for (const batch of batches(unwanted)) {
        tx.update(replicas)
          .set({ unwanted_since: generation })
          .where(inArray(replicas.id, batch))
          .run();
      }
      for (const { id, epoch, spec } of rows.renewed) {
        tx.update(replicas).set({ epoch, spec }).where(eq(replicas.id, id)).run();
      }
      for (const { id, asleep_bytes } of sleep_intents) {
        tx.update(replicas).set({ asleep_bytes }).where(eq(replicas.id, id)).run();
      }
      for (const row of rows.added) tx.insert(replicas).values(row).run();
      if (moves) {
        tx.insert(generations)
          .values({ id: 1, generation })
          .onConflictDoUpdate({ target: generations.id, set: { generation } })
          .run();
      }
      this.#around.endpoints.write(changes);
      this.#around.announce(changes);
    });
    const moved = new Set([
      ...unwanted,
      ...[...rows.renewed, ...sleep_intents].map(({ id }) => id),
    ]);
    for (const row of rows.all) if (moved.has(row.id)) this.#told.delete(row.host_id);
    for (const { host_id } of rows.added) this.#told.delete(host_id);
    this.#rows = rows.all;
    this.#generation = generation;
    this.#around.endpoints.keep(changes);
  }

  #next({ add, unwanted, gone, renew, sleep_intents }: Plan, generation: number) {
    const created_at = this.#now();
    const added = add.map((replica) => ({
      ...replica,
      id: newId("rep"),
      epoch: 1,
      created_at,
      unwanted_since: null,
      asleep_bytes: null,
    }));
    if (unwanted.length + gone.length + renew.length + sleep_intents.length === 0) {
      return { all: [...this.#rows, ...added], added, renewed: [] };
    }
    const isGone = new Set(gone);
    const isUnwanted = new Set(unwanted);
    const specs = new Map(renew.map(({ id, spec }) => [id, spec]));
    const intents = new Map(sleep_intents.map(({ id, asleep_bytes }) => [id, asleep_bytes]));
    const kept = this.#rows
      .filter(({ id }) => !isGone.has(id))
      .map((row) =>
        intents.has(row.id) ? { ...row, asleep_bytes: intents.get(row.id) ?? null } : row,
      )
      .map((row) => {
        const spec = specs.get(row.id);
        if (spec) return { ...row, spec, epoch: row.epoch + 1 };
        return isUnwanted.has(row.id) ? { ...row, unwanted_since: generation } : row;
      });
    const renewed = kept.filter(({ id }) => specs.has(id));
    return { all: [...kept, ...added], added, renewed };
  }

  #tell(host_ids: readonly string[]): void {
    if (host_ids.length === 0) return;
    const wanted = Map.groupBy(
      this.#rows.filter(({ unwanted_since }) => unwanted_since === null),
      ({ host_id }) => host_id,
    );
    for (const host_id of host_ids) {
      const rows = wanted.get(host_id) ?? [];
      this.#told.add(host_id);
      this.#around.setDesired(host_id, {
        generation: this.#generation,
        replicas: rows.map(({ id, epoch, spec, owner_id, asleep_bytes }) => ({
          id,
          epoch,
          ...spec,
          asleep_bytes: asleep_bytes ?? 0,
          hf_token: this.#around.tokenOf(owner_id),
          ...(isS3Place(spec.source) && { s3: this.#around.s3Access() }),
        })),
      });
    }
  }
}

/** SQLite takes at most 32,766 parameters in one statement. */
function batches(ids: readonly string[]): string[][] {
  const count = Math.ceil(ids.length / 10_000);
  return Array.from({ length: count }, (_, i) => ids.slice(i * 10_000, (i + 1) * 10_000));
}
