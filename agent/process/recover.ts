import { isAlive } from "../contract/process-identity.ts";
import type { Handle, Handles } from "./handle.ts";
import { type StopTimes, stopGroup } from "./stop.ts";

export interface Recovered {
  /** Runtimes of an earlier agent that still run, to be watched as our own. */
  adopted: Handle[];
  /** Replica ids whose process had ended (or whose host had been rebooted). */
  dropped: string[];
  /** Handle files that this version cannot read; they are left for a person. */
  unreadable: string[];
}

/**
 * Reads what an earlier agent left. Stops no living runtime: only the first Desired can say what is
 * not wanted. Of a runtime whose leader died, it ends the helpers that were left behind, then asks CLEAR to
 * end those that had left the group.
 */
export async function recover(
  handles: Handles,
  times: StopTimes,
  clear: (ended: Handle) => Promise<void>,
): Promise<Recovered> {
  const { handles: found, unreadable } = await handles.readAll();
  const adopted = found.filter((handle) => isAlive(handle.process));
  const dropped: string[] = [];
  for (const handle of found) {
    if (adopted.includes(handle)) continue;
    await stopGroup(handle.process, times);
    await clear(handle);
    await handles.remove(handle.spec.id);
    dropped.push(handle.spec.id);
  }
  return { adopted, dropped, unreadable };
}
