import { isAlive } from "../contract/process-identity.ts";
import { MemorySampler } from "../hardware/memory-sampler.ts";
import type { Handles } from "../process/handle.ts";
import type { FakeGpus } from "./fake-gpus.testbed.ts";
import { GpuAdmission } from "./gpu-admission.ts";

export interface Fenced {
  fence: GpuAdmission;
  meter: MemorySampler;
  epochs: Map<string, number>;
  lines: string[];
}

/** A fence as the agent has it, on GPUs that may be none, with little patience. */
export function fenced(handles: Handles, gpus?: FakeGpus): Fenced {
  const epochs = new Map<string, number>();
  const lines: string[] = [];
  const looks = gpus ?? { look: async () => [] };
  const fence = new GpuAdmission({
    gpus: looks,
    uuids: () => gpus?.uuids ?? [],
    residents: async () =>
      (await handles.readAll()).handles.filter(({ process }) => isAlive(process)),
    epochs,
    times: {
      look_ms: 1000,
      free_ms: 500,
      pause_ms: 20,
      orphan: { grace_ms: 200, kill_ms: 5000 },
    },
    log: (line) => lines.push(line),
  });
  const meter = new MemorySampler({
    look: (signal) => looks.look(signal),
    interval_ms: 20,
    look_ms: 5000,
  });
  return { fence, meter, epochs, lines };
}
