import { readFileSync } from "node:fs";

/** Processes that the kernel has killed for want of memory since boot (proc_vmstat(5)); 0 when unknown. */
export function memoryKills(): number {
  try {
    return parseMemoryKills(readFileSync("/proc/vmstat", "latin1"));
  } catch {
    return 0;
  }
}

export function parseMemoryKills(vmstat: string): number {
  return Number(/^oom_kill (\d+)$/m.exec(vmstat)?.[1] ?? 0);
}
