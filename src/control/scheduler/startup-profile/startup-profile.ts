/** What starts really took, per configuration: kept in memory for placement, and on disk for good. */
import { LRUCache } from "lru-cache";
import type {
  DesiredReplica,
  Inventory,
  ObservedReplica,
} from "../../../../agent/contract/protocol/messages.ts";
import type { Database } from "../../storage/database.ts";
import type { FindMeasured } from "../sizing/measured.ts";
import { type Configured, configurationOf, sourceOf } from "./configuration.ts";
import { withSeen, withWake } from "./counted.ts";
import { type LedgerRow, type LedgerView, measuredIn, viewOf } from "./match.ts";
import { type CountedWake, measured_starts } from "./table.ts";

/** A replica that is ready. */
export interface ReadyReplica {
  id: string;
  owner_id: string;
  epoch: number;
  spec: Omit<DesiredReplica, "id" | "epoch" | "hf_token" | "s3">;
  observed: ObservedReplica;
  /** Of its host. */
  inventory: Inventory;
}

const known_max = 100_000;

export class Ledger {
  readonly #database: Database;
  readonly #rows = new Map<string, LedgerRow>();
  readonly #views = new Map<string, LedgerView[]>();
  /**
   * What was last written down of a replica, so that a pass costs nothing when nothing is new. Bounded by size:
   * `max` would hold memory for all of them from the start.
   */
  readonly #known = new LRUCache<string, string>({
    maxSize: known_max,
    sizeCalculation: () => 1,
  });
  readonly #wakes = new Map<string, CountedWake>();

  constructor(database: Database) {
    this.#database = database;
    for (const row of database.select().from(measured_starts).all()) this.#keep(row);
  }

  /** Every row, the last started first. */
  list(): LedgerView[] {
    return [...this.#views.values()].flat().sort((a, b) => b.last_at - a.last_at);
  }

  readonly find: FindMeasured = (asked) => {
    const rows = this.#views.get(sourceOf(asked.source).source);
    return rows ? measuredIn(rows, asked) : null;
  };

  /** It is counted with the configuration in which OWNER is found ready next. */
  woke(owner_id: string, wake: CountedWake): void {
    this.#wakes.set(owner_id, wake);
  }

  /**
   * Counts starts that were not counted before, and peaks that have grown. Throws when it cannot be
   * written; the next call tries again.
   */
  record(ready: readonly ReadyReplica[]): void {
    for (const replica of ready) {
      const { observed, owner_id } = replica;
      // Not measured yet: it is counted with its first measure, a moment after it is ready.
      if (observed.memory_bytes === 0 && observed.gpu_memory_bytes === 0) continue;
      const wake = this.#wakes.get(owner_id);
      const told = `${replica.epoch}:${observed.started_at_ms}:${observed.gpu_memory_bytes}:${observed.memory_bytes}`;
      if (wake === undefined && this.#known.get(replica.id) === told) continue;
      this.#count(replica, wake);
      this.#wakes.delete(owner_id);
      this.#known.set(replica.id, told);
    }
  }

  #count({ id, epoch, spec, observed, inventory }: ReadyReplica, wake: CountedWake | undefined) {
    const configured = configurationOf({ spec, inventory });
    const { started_at_ms, ready_after_ms, gpu_memory_bytes, memory_bytes } = observed;
    const before = this.#rows.get(keyOf(configured)) ?? blank(configured);
    const seen = withSeen(before, {
      start: { id: `${id}:${epoch}:${started_at_ms}`, at: started_at_ms, ready_after_ms },
      gpu_bytes: gpu_memory_bytes,
      memory_bytes,
    });
    const row = wake ? withWake(seen, wake) : seen;
    const { starts, wakes, ...rest } = row;
    const value = { ...rest, starts: [...starts], wakes: [...wakes] };
    this.#database
      .insert(measured_starts)
      .values(value)
      .onConflictDoUpdate({
        target: [
          ...[measured_starts.source, measured_starts.revision, measured_starts.runtime],
          ...[measured_starts.runtime_version, measured_starts.context_tokens],
          ...[measured_starts.slots, measured_starts.gpu, measured_starts.gpus],
          measured_starts.settings,
        ],
        set: value,
      })
      .run();
    this.#keep(row);
  }

  #keep(row: LedgerRow): void {
    this.#rows.set(keyOf(row), row);
    const others = (this.#views.get(row.source) ?? []).filter(
      (other) => keyOf(other) !== keyOf(row),
    );
    this.#views.set(row.source, [...others, viewOf(row)]);
  }
}

function keyOf(row: Configured): string {
  const { source, revision, runtime, runtime_version, context_tokens, slots } = row;
  const { gpu, gpus, settings } = row;
  return JSON.stringify([
    ...[source, revision, runtime, runtime_version, context_tokens, slots],
    ...[gpu, gpus, settings],
  ]);
}

const blank = (configured: Configured): LedgerRow => ({
  ...configured,
  gpu_bytes: 0,
  memory_bytes: 0,
  count: 0,
  last_at: 0,
  starts: [],
  wakes: [],
});
