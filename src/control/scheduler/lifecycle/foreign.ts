/** How much of a GPU others use: what is not ours counts as taken. Pure. */
import type { GpuSample } from "../../../../agent/contract/protocol/messages.ts";

/** What the driver itself holds of an idle GPU is no program's: 0.5 GiB on the largest. */
const idle_bytes = 512 * 2 ** 20;

/**
 * Memory of a GPU in the hands of programs for which nothing is reserved there. RESERVED: the replicas that have a
 * reservation on it, of which memory that they hold is part. Where the driver does not say how much a program holds
 * (MIG, containers without rights), it is what none of the known ones account for, unless one of ours is there too:
 * then it may as well be ours.
 */
export function foreignBytes(sample: GpuSample | undefined, reserved: ReadonlySet<string>): number {
  const strangers = sample?.processes.filter(({ replica_id }) => !reserved.has(replica_id)) ?? [];
  const known = strangers.reduce((sum, { memory_bytes }) => sum + memory_bytes, 0);
  const isAlone = sample?.processes.length === strangers.length;
  const isUnsaid = strangers.some(({ memory_bytes }) => memory_bytes === 0);
  const used = sample?.memory_used_bytes ?? 0;
  return isUnsaid && isAlone && used > idle_bytes ? Math.max(known, used) : known;
}
