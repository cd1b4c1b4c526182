/** GPU types by name, with the memory that CUDA shows to a process (less than the label says: ECC, driver). */
import { badRequest } from "../../../shared/failure.ts";

export interface Gpu {
  name: string;
  memory_bytes: number;
  /** vLLM batches more by default here: 70 GiB or more, but no A100 (`EngineArgs.get_batch_defaults`). */
  large_batches: boolean;
}

export const gib = 2 ** 30;

/** Name, GiB, other names. H100, RTX 3090 and GB300 as logged by vLLM and TensorRT-LLM; the others by vendor tools. */
const table: readonly (readonly [name: string, memory_gib: number, ...others: string[]])[] = [
  ["T4-16", 14.56, "T4"],
  ["V100-16", 15.77],
  ["V100-32", 31.74],
  ["RTX4080-16", 15.57, "4080"],
  ["RTX3090-24", 23.58, "3090"],
  ["RTX4090-24", 23.52, "4090"],
  ["RTX5090-32", 31.35, "5090"],
  ["A10-24", 22.06, "A10", "A10G-24", "A10G"],
  ["L4-24", 22.03, "L4"],
  ["A30-24", 23.5, "A30"],
  ["A40-48", 44.34, "A40"],
  ["A6000-48", 47.4, "A6000"],
  ["ADA6000-48", 47.4, "6000ADA"],
  ["L40-48", 44.39, "L40"],
  ["L40S-48", 44.39, "L40S"],
  ["A100-40", 39.38],
  ["A100-80", 79.15],
  ["H20-96", 95.0, "H20"],
  ["PRO6000-96", 94.9, "PRO6000"],
  ["H100-80", 79.18, "H100"],
  ["H100-94", 93.1, "H100NVL"],
  ["GH200-96", 94.5, "GH200"],
  ["H200-141", 139.7, "H200"],
  ["B200-180", 178.3, "B200", "B200-192", "GB200", "GB200-192"],
  ["GB300-277", 277, "GB300", "GB300-288", "B300-288", "B300"],
  ["MI300X-192", 191.4, "MI300X"],
];

export const gpus: readonly Gpu[] = table.map(([name, memory_gib]) => ({
  name,
  memory_bytes: Math.floor(memory_gib * gib),
  large_batches: memory_gib >= 70 && !name.startsWith("A100"),
}));

const byKey = new Map(
  table.flatMap(([name, , ...others], i) =>
    [name, ...others].map((word) => [keyOf(word), gpus[i]] as const),
  ),
);

/** `RTX 3090`, `NVIDIA GeForce RTX 3090` and `RTX3090-24GiB` are one card. Throws a 400 that lists the known ones. */
export function gpuNamed(word: string): Gpu {
  const gpu = byKey.get(keyOf(word));
  if (gpu) return gpu;
  const known = gpus.map(({ name }) => name).join(", ");
  throw badRequest(`\`gpu\` is one of: ${known}.`, "gpu");
}

/** Without vendor, series, socket and unit, so that nvidia-smi's "NVIDIA A100-SXM4-80GB" is A100-80. */
function keyOf(word: string): string {
  return word
    .slice(0, 100)
    .toUpperCase()
    .replace(/\(.*\)/, "")
    .replace(/NVIDIA|GEFORCE|QUADRO|TESLA|RTX|AMD|INSTINCT|GENERATION|BLACKWELL.*/g, "")
    .replace(/HBM\w*|SXM\d?|PCIE|GI?B\b/g, "")
    .replace(/[^A-Z0-9]/g, "");
}
