import { mkdir, stat } from "node:fs/promises";
import { basename, dirname, join } from "node:path";
import { setTimeout } from "node:timers/promises";
import { tryLock } from "../../files/lock.ts";

const look_ms = 200;

/**
 * One download per blob also where two agents share a cache: WORK waits until no other process is at PATH.
 * GROWN hears how far the other one's PARTIAL has come. Rejects with SIGNAL's reason.
 */
export async function withBlobLock<T>(
  { path, partial }: { path: string; partial: string },
  signal: AbortSignal,
  grown: (bytes: number) => void,
  work: () => Promise<T>,
): Promise<T> {
  // Beside the repositories, as huggingface_hub has its own.
  const file = join(dirname(path), "../../.locks", `${basename(path)}.lock`);
  await mkdir(dirname(file), { recursive: true, mode: 0o700 });
  for (;;) {
    signal.throwIfAborted();
    const lock = await tryLock(file);
    if (typeof lock !== "number") return work().finally(lock);
    const other = await stat(partial).catch(() => undefined);
    if (other) grown(other.size);
    await setTimeout(look_ms, undefined, { signal }).catch(() => undefined);
  }
}
