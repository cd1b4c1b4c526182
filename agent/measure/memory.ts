import { readFile } from "node:fs/promises";

/**
 * Memory of a process in bytes, of which pages that several processes share count in parts, so that a sum
 * over a group is true; 0 when it has ended. Reads proc_pid_smaps_rollup(5): the kernel walks the page tables for it, so it is read off this thread, and no oftener
 * than memory grows (meter.ts).
 */
export async function proportionalBytes(pid: number): Promise<number> {
  return kilobytes(await textOf(`/proc/${pid}/smaps_rollup`), "Pss");
}

/** Reads proc_pid_status(5), which costs nothing. */
export async function residentBytes(pid: number): Promise<number> {
  return kilobytes(await textOf(`/proc/${pid}/status`), "VmRSS");
}

export function kilobytes(text: string, name: string): number {
  return 1024 * Number(new RegExp(`^${name}:\\s+(\\d+) kB$`, "m").exec(text)?.[1] ?? 0);
}

const textOf = (path: string): Promise<string> => readFile(path, "latin1").catch(() => "");
