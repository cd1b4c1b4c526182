import { readStat } from "../contract/process-identity.ts";
import type { GpuProcess, GpuSample } from "../contract/protocol/messages.ts";
import type { ComputeApp } from "./compute-apps.ts";

/** A replica that has a process. */
export interface Owner {
  id: string;
  pid: number;
}

/**
 * The replica whose process PID is, or of whose session: a runtime leads its own session
 * (process/supervise.ts), and its workers stay in it. Empty for a process that is not ours.
 */
export function ownerOf(pid: number, owners: readonly Owner[], stat = readStat): string {
  const found = stat(pid);
  const leads = ({ pid: leader }: Owner): boolean =>
    leader !== 0 && (leader === pid || leader === found?.session || leader === found?.group);
  return owners.find(leads)?.id ?? "";
}

/** SAMPLE with the processes on its GPU, the largest first. */
export function withProcesses(
  sample: GpuSample,
  apps: readonly ComputeApp[],
  owner: (pid: number) => string,
): GpuSample {
  const processes: GpuProcess[] = apps
    .filter(({ gpu_uuid }) => gpu_uuid === sample.uuid)
    .map(({ pid, name, memory_bytes }) => ({ pid, name, memory_bytes, replica_id: owner(pid) }))
    .sort((a, b) => b.memory_bytes - a.memory_bytes);
  return { ...sample, processes };
}
