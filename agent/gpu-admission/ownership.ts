import { LRUCache } from "lru-cache";
import { identify } from "../contract/process-identity.ts";
import { lifeOf } from "./process-tree.ts";

const remembered = 1000;

/**
 * Whose processes those are that are in nobody's group or session, such as a container's: by the mark that
 * they carry. A mark is read in the background, so the first question about a process has no answer yet.
 */
export class Ownership {
  readonly #known = new LRUCache<number, { start_ticks: number; replica_id: string }>({
    max: remembered,
  });

  /** Empty for a process that is not ours, or not known yet. */
  of(pid: number): string {
    const identity = identify(pid);
    if (identity === undefined) return "";
    const { start_ticks } = identity;
    const known = this.#known.get(pid);
    if (known?.start_ticks === start_ticks) return known.replica_id;
    this.#known.set(pid, { start_ticks, replica_id: "" });
    void lifeOf(identity).then((life) => {
      if (life) this.#known.set(pid, { start_ticks, replica_id: life.id });
    });
    return "";
  }
}
