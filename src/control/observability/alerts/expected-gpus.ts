import type { Gpu } from "../../../../agent/contract/protocol/messages.ts";
import type { Alert } from "./alert.ts";

type Known = Pick<Gpu, "index" | "uuid" | "name">;

/** A GPU that has been missing for this long was taken out by somebody. */
const missed_for_ms = 7 * 24 * 3_600_000;

/**
 * Which GPUs each host has had: an agent that starts again without one says nothing of it any more. What is open as an
 * alert is remembered over our own restarts.
 */
export class ExpectedGpus {
  readonly #hosts = new Map<string, Map<string, Known & { seen_at: number }>>();

  constructor(open: readonly Alert[]) {
    for (const { kind, host, gpu, raised_at } of open) {
      if (kind !== "gpu_lost" || !gpu) continue;
      this.#of(host.id).set(gpu.uuid, { ...gpu, name: "It", seen_at: raised_at });
    }
  }

  /** Of the GPUs that HOST_ID has had, those that are not in its inventory now. */
  missing(host_id: string, inventory: readonly Gpu[], now: number): Known[] {
    const known = this.#of(host_id);
    for (const { index, uuid, name } of inventory) {
      known.set(uuid, { index, uuid, name, seen_at: now });
    }
    const there = new Set(inventory.map(({ uuid }) => uuid));
    for (const [uuid, { seen_at }] of known) {
      if (!there.has(uuid) && now - seen_at > missed_for_ms) known.delete(uuid);
    }
    return [...known.values()]
      .filter(({ uuid }) => !there.has(uuid))
      .map(({ index, uuid, name }) => ({ index, uuid, name }));
  }

  /** Hosts that are not in the fleet any more. */
  keepOnly(host_ids: ReadonlySet<string>): void {
    for (const id of this.#hosts.keys()) if (!host_ids.has(id)) this.#hosts.delete(id);
  }

  #of(host_id: string): Map<string, Known & { seen_at: number }> {
    const known = this.#hosts.get(host_id) ?? new Map();
    this.#hosts.set(host_id, known);
    return known;
  }
}
