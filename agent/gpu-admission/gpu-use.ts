/** What is on the GPUs of this host at one moment, and the words for it. */
import type { GpuWatch } from "../hardware/gpu-watch.ts";

/** Who is on the GPUs now. */
export interface GpuProcesses {
  /** Measured after the call; none without an NVIDIA driver. Rejects when the driver does not answer. */
  look(signal: AbortSignal): Promise<readonly GpuUse[]>;
}

export interface GpuProcess {
  pid: number;
  /** The executable's base name: a command line may hold secrets. Empty when the driver does not say. */
  name: string;
  /** 0 where the driver does not say. */
  memory_bytes: number;
}

export interface GpuUse {
  uuid: string;
  vram_bytes: number;
  memory_used_bytes: number;
  /** Empty also where this agent may not see the processes (another pid namespace). */
  processes: readonly GpuProcess[];
}

/** A GPU of unknown size counts as full. */
export async function usesOf(
  watch: Pick<GpuWatch, "next" | "gpus">,
  signal: AbortSignal,
): Promise<GpuUse[]> {
  const samples = await watch.next(signal);
  const sizes = new Map(watch.gpus().map(({ uuid, vram_bytes }) => [uuid, vram_bytes]));
  return samples.map(({ uuid, memory_used_bytes, processes }) => ({
    uuid,
    memory_used_bytes,
    processes,
    vram_bytes: sizes.get(uuid) ?? memory_used_bytes,
  }));
}

/**
 * Memory that no listed process accounts for: the driver's own, graphics, or what a process that ended
 * has left. Undefined where the driver does not say how much each process holds.
 */
export function unaccountedBytes({ memory_used_bytes, processes }: GpuUse): number | undefined {
  if (processes.some(({ memory_bytes }) => memory_bytes === 0)) return undefined;
  return Math.max(0, memory_used_bytes - sum(processes));
}

export const freeBytes = ({ vram_bytes, memory_used_bytes }: GpuUse): number =>
  Math.max(0, vram_bytes - memory_used_bytes);

/** "process 4242 (python3) holds 68.0 GiB". */
export function inWords({ pid, name, memory_bytes }: GpuProcess): string {
  const program = name === "" ? "" : ` (${name})`;
  const held = memory_bytes === 0 ? "memory" : gib(memory_bytes);
  return `process ${pid}${program} holds ${held}`;
}

export const gib = (bytes: number): string => `${(bytes / 2 ** 30).toFixed(1)} GiB`;

const sum = (processes: readonly GpuProcess[]): number =>
  processes.reduce((total, { memory_bytes }) => total + memory_bytes, 0);
