/** What a process has used, from /proc (Linux, proc_pid_stat(5)). */
import { readdirSync, readFileSync } from "node:fs";

const ticks_per_s = 100;

/** User and system time of all its threads. */
function cpuSeconds(pid: number): number {
  const stat = readFileSync(`/proc/${pid}/stat`, "utf8");
  const fields = stat.slice(stat.lastIndexOf(")") + 2).split(" ");
  return (Number(fields[11]) + Number(fields[12])) / ticks_per_s;
}

function residentKb(pid: number): number {
  const status = readFileSync(`/proc/${pid}/status`, "utf8");
  return Number(/VmRSS:\s+(\d+) kB/.exec(status)?.[1] ?? 0);
}

export const openFiles = (pid: number): number => readdirSync(`/proc/${pid}/fd`).length;

export const childrenOf = (pid: number): number[] =>
  readFileSync(`/proc/${pid}/task/${pid}/children`, "utf8").trim().split(" ").map(Number);

export interface Memory {
  at_ms: number;
  kb: number;
}

export interface Cost<T> {
  result: T;
  cpu_s: number;
  before_kb: number;
  /** While it ran, oldest first. */
  memory: Memory[];
}

/** Runs WORK and watches what it costs PID. */
export async function costOf<T>(
  pid: number,
  work: () => Promise<T>,
  every_ms = 50,
): Promise<Cost<T>> {
  const before_kb = residentKb(pid);
  const memory: Memory[] = [];
  const watch = setInterval(
    () => memory.push({ at_ms: performance.now(), kb: residentKb(pid) }),
    every_ms,
  );
  const before_s = cpuSeconds(pid);
  try {
    const result = await work();
    return { result, cpu_s: cpuSeconds(pid) - before_s, before_kb, memory };
  } finally {
    clearInterval(watch);
  }
}
