/** The time series of a host's GPUs: `gpu_0_utilization_ratio` and so on, by the GPU's number in its host. Pure. */
import type { Gpu, GpuSample } from "../../../../agent/contract/protocol/messages.ts";

const kept = [
  "utilization_ratio",
  "memory_used_bytes",
  "temperature_celsius",
  "power_watts",
] as const;

/** GPUs beyond this number have no series: a query asks for 32 at most. */
const most_gpus = 32;

export function gpuSeries(
  gpus: readonly Pick<Gpu, "index" | "uuid">[],
  samples: readonly GpuSample[],
): { metric: string; value: number }[] {
  return gpus.flatMap(({ index, uuid }) => {
    const sample = samples.find((each) => each.uuid === uuid);
    if (!sample || index >= most_gpus) return [];
    return kept.map((name) => ({ metric: `gpu_${index}_${name}`, value: sample[name] }));
  });
}
