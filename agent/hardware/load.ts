import { readFileSync } from "node:fs";

/** Jiffies of all cores since boot (proc_stat(5), line "cpu"). */
export interface CpuTimes {
  busy: number;
  total: number;
}

/** Waiting for a disk counts as idle; guest time is part of user time already. */
export function parseCpuTimes(stat: string): CpuTimes {
  const line = /^cpu +(.*)$/m.exec(stat)?.[1] ?? "";
  const fields = line.split(" ").slice(0, 8).map(Number);
  const total = fields.reduce((sum, field) => sum + field, 0);
  return { busy: total - (fields[3] ?? 0) - (fields[4] ?? 0), total };
}

/** The share of all cores in use between two readings, 0 to 1. */
export function cpuRatio(earlier: CpuTimes, later: CpuTimes): number {
  const total = later.total - earlier.total;
  if (total <= 0) return 0;
  return Math.min(1, Math.max(0, (later.busy - earlier.busy) / total));
}

export interface Memory {
  memory_bytes: number;
  /** What programs hold; caches that the kernel would give back do not count. */
  memory_used_bytes: number;
}

/** Reads proc_meminfo(5). */
export function parseMemory(meminfo: string): Memory {
  const bytesOf = (name: string) =>
    1024 * Number(new RegExp(`^${name}: +(\\d+) kB$`, "m").exec(meminfo)?.[1] ?? 0);
  const total = bytesOf("MemTotal");
  return { memory_bytes: total, memory_used_bytes: total - bytesOf("MemAvailable") };
}

export const readCpuTimes = (): CpuTimes => parseCpuTimes(readFileSync("/proc/stat", "latin1"));
export const readMemory = (): Memory => parseMemory(readFileSync("/proc/meminfo", "latin1"));
