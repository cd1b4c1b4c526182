import { readFile } from "node:fs/promises";

/** Memory of one process in bytes; all 0 when it has ended. */
export interface ProcessMemory {
  /** Its own pages, and its part of those of shared memory. */
  own_bytes: number;
  /** Pages of files that it has mapped, such as weights. */
  file_bytes: number;
}

/** Reads proc_pid_status(5), which costs nothing. */
export async function residentBytes(pid: number): Promise<number> {
  return kilobytes(await textOf(`/proc/${pid}/status`), "VmRSS");
}

/**
 * Reads proc_pid_smaps_rollup(5): the kernel walks the page tables for it, so it is read off this thread,
 * and no oftener than memory grows (meter.ts).
 */
export async function processMemory(pid: number): Promise<ProcessMemory> {
  const rollup = await textOf(`/proc/${pid}/smaps_rollup`);
  const status = await textOf(`/proc/${pid}/status`);
  return {
    own_bytes: kilobytes(rollup, "Pss_Anon") + kilobytes(rollup, "Pss_Shmem"),
    file_bytes: kilobytes(status, "RssFile"),
  };
}

/**
 * Of a runtime's processes together. Mapped files count once, as if nobody else had mapped them: the
 * proportional part would halve the weights as soon as a second replica serves the same file, and what is
 * measured must be enough for the first one.
 */
export function together(processes: readonly ProcessMemory[]): number {
  const own = processes.reduce((sum, { own_bytes }) => sum + own_bytes, 0);
  return own + Math.max(0, ...processes.map(({ file_bytes }) => file_bytes));
}

export function kilobytes(text: string, name: string): number {
  return 1024 * Number(new RegExp(`^${name}:\\s+(\\d+) kB$`, "m").exec(text)?.[1] ?? 0);
}

const textOf = (path: string): Promise<string> => readFile(path, "latin1").catch(() => "");
