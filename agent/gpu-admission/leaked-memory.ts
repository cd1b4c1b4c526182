/** Whether a start may be made on GPUs, and whether a stop has freed them. Pure. */
import { freeBytes, type GpuUse, gib, inWords, unaccountedBytes } from "./gpu-use.ts";

/**
 * Why a start that needs NEEDED_BYTES on every one of GPUS does not fit beside programs that are not
 * ours; undefined when it does. OURS: pids of this agent's runtimes. Where only ours are in the way it is
 * no foreigner's fault, and what placement reserved is trusted.
 */
export function conflictOf(
  gpus: readonly GpuUse[],
  needed_bytes: number,
  ours: ReadonlySet<number>,
): string | undefined {
  for (const gpu of gpus) {
    const strangers = gpu.processes.filter(({ pid }) => !ours.has(pid));
    if (strangers.length === 0 || freeBytes(gpu) >= needed_bytes) continue;
    const held = strangers
      .toSorted((a, b) => b.memory_bytes - a.memory_bytes)
      .map(inWords)
      .join(", ");
    return `${gpu.uuid} has ${gib(freeBytes(gpu))} free of ${gib(gpu.vram_bytes)} and this start needs at least ${gib(needed_bytes)}: ${held}, which Hypervize did not start and does not end. End it there, or choose another GPU.`;
  }
  return undefined;
}

/** What a runtime had on its GPUs, for the proof that it has gone. */
export interface GpuFootprint {
  pids: ReadonlySet<number>;
  /** Per GPU, what no process accounted for before the start; a GPU that is not in it is judged by pids. */
  unaccounted_bytes: ReadonlyMap<string, number>;
}

/**
 * The driver itself takes a little more or less with every context that comes and goes: up to 0.5 GiB on
 * the largest card, as in src/lifecycle/foreign.ts.
 */
const slack_bytes = 512 * 2 ** 20;

/** What is still there of a runtime whose processes have ended; undefined when its memory is free again. */
export function leakedMemory(gpus: readonly GpuUse[], traces: GpuFootprint): string | undefined {
  for (const gpu of gpus) {
    const lingering = gpu.processes.find(({ pid }) => traces.pids.has(pid));
    if (lingering) return `on ${gpu.uuid} ${inWords(lingering)} after its end`;
    const before = traces.unaccounted_bytes.get(gpu.uuid);
    const now = unaccountedBytes(gpu);
    if (before === undefined || now === undefined || now <= before + slack_bytes) continue;
    return `${gpu.uuid} holds ${gib(now - before)} that belong to no process`;
  }
  return undefined;
}
