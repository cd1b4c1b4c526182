/** How placement speaks to people. Pure. */
import type { Kind } from "./fleet-index.ts";

export const gib = (bytes: number): string => `${(bytes / 2 ** 30).toFixed(1)} GiB`;

/** `2 GPUs (H100-80)`; processors count as one. */
export function cards(devices: number, kind: Kind): string {
  if (kind.cpu) return "the processors";
  return `${devices} ${devices === 1 ? "GPU" : "GPUs"} (${kind.name})`;
}

/** `pool=a, region=eu` */
export const labelWords = (labels: readonly (readonly [string, string])[]): string =>
  labels.map(([name, value]) => `${name}=${value}`).join(", ");

export const tokens = (count: number): string => `${count.toLocaleString("en-US")} tokens`;
