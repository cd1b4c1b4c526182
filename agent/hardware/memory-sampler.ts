import { setTimeout } from "node:timers/promises";
import type { ProcessIdentity } from "../contract/process-identity.ts";
import type { GpuUse } from "../gpu-admission/gpu-use.ts";
import type { Peak } from "../replicas/replica.ts";
import { processMemory, residentBytes, together } from "./process-memory.ts";

export interface MemorySamplerDeps {
  /** Who is on the GPUs; one look serves all who ask in the same moment. */
  look(signal: AbortSignal): Promise<readonly GpuUse[]>;
  interval_ms: number;
  look_ms: number;
}

/** A runtime that is measured. */
export interface Subject {
  /** Its processes at this moment. */
  processes(): readonly ProcessIdentity[];
  has_gpus: boolean;
}

/** Measures runtimes while they serve. What it cannot read stays as it was: a peak never goes down. */
export class MemorySampler {
  readonly #parts: MemorySamplerDeps;
  #looking: Promise<readonly GpuUse[]> | undefined;

  constructor(parts: MemorySamplerDeps) {
    this.#parts = parts;
  }

  /** Calls TELL with every new peak, the first one at once, until SIGNAL aborts. Does not reject. */
  async follow(subject: Subject, signal: AbortSignal, tell: (peak: Peak) => void): Promise<void> {
    let told: Peak = { gpu_memory_bytes: 0, memory_bytes: 0 };
    let resident_before = 0;
    while (!signal.aborted) {
      const pids = subject.processes().map(({ pid }) => pid);
      const resident = total(await Promise.all(pids.map(residentBytes)));
      // What is not resident is not to be counted either.
      const memory_bytes =
        resident > resident_before ? together(await Promise.all(pids.map(processMemory))) : 0;
      resident_before = Math.max(resident_before, resident);
      const gpu_memory_bytes = subject.has_gpus ? await this.#gpuBytes(new Set(pids)) : 0;
      const peak = higher(told, { gpu_memory_bytes, memory_bytes });
      if (peak !== told && !signal.aborted) tell(peak);
      told = peak;
      await setTimeout(this.#parts.interval_ms, undefined, { signal }).catch(() => undefined);
    }
  }

  async #gpuBytes(pids: ReadonlySet<number>): Promise<number> {
    this.#looking ??= this.#parts
      .look(AbortSignal.timeout(this.#parts.look_ms))
      .catch(() => [])
      .finally(() => {
        this.#looking = undefined;
      });
    return mostOnOne(await this.#looking, pids);
  }
}

/** On the GPU where PIDS hold most. */
export function mostOnOne(uses: readonly GpuUse[], pids: ReadonlySet<number>): number {
  const held = uses.map(({ processes }) =>
    processes
      .filter(({ pid }) => pids.has(pid))
      .reduce((bytes, { memory_bytes }) => bytes + memory_bytes, 0),
  );
  return Math.max(0, ...held);
}

/** Steps that are worth a report: a hundredth, and no less than 16 MiB. */
const step_bytes = 16 * 2 ** 20;

/** The same object when nothing is worth telling. */
export function higher(told: Peak, seen: Peak): Peak {
  const grown = (before: number, now: number): boolean =>
    (before === 0 && now > 0) || now - before >= Math.max(step_bytes, before / 100);
  const gpu = grown(told.gpu_memory_bytes, seen.gpu_memory_bytes);
  const host = grown(told.memory_bytes, seen.memory_bytes);
  if (!gpu && !host) return told;
  return {
    gpu_memory_bytes: Math.max(told.gpu_memory_bytes, seen.gpu_memory_bytes),
    memory_bytes: Math.max(told.memory_bytes, seen.memory_bytes),
  };
}

const total = (bytes: readonly number[]): number => bytes.reduce((sum, each) => sum + each, 0);
