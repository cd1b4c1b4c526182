/** What starts really took, where it was measured, and how an answer uses it instead of the formula. Pure. */
import { gib } from "./gpus.ts";
import type { Measured, Plan, Sizing } from "./plan.ts";

/** A configuration of which measurements are looked for. */
export interface Configuration {
  /** As the agent's contract writes it; without a revision it stands for all. */
  source: string;
  /** Absent: any. */
  runtime?: string;
  context: number;
  slots: number;
  /** In any of its spellings; null: where it ran last. */
  gpu: string | null;
  /** Null: as few as it was measured on. */
  gpus: number | null;
  args: readonly string[];
  env: Readonly<Record<string, string>>;
}

export type FindMeasured = (configuration: Configuration) => Measured | null;

/**
 * What to reserve for a peak of so many bytes. Peaks are looked for every few seconds, so a shorter one was
 * perhaps not seen: a twentieth is added, and no less than 256 MiB, half of the formula's own reserve.
 */
export const withMargin = (bytes: number): number =>
  Math.ceil(Math.max(bytes * 1.05, bytes + gib / 4));

/**
 * PLAN with what was measured for the same context, requests and GPUs: what has run fits, whatever the
 * formula says. The formula's breakdown stays, since a measure has none.
 */
export function withMeasured(plan: Omit<Plan, "measured">, measured: Measured | null): Plan {
  if (measured === null) return { ...plan, measured };
  return {
    ...plan,
    verdict: "fits",
    max_context: Math.max(plan.max_context, plan.context),
    max_concurrency: Math.max(plan.max_concurrency, plan.concurrency),
    measured,
  };
}

/** "Measured 3 times on 2 × H100-80, last on 2026-11-24: …"; empty without a measurement. */
export function measuredInWords({ measured, gpu }: Pick<Sizing, "measured" | "gpu">): string {
  if (measured === null) return "";
  const { gpus, count, last_at, gpu_bytes, memory_bytes, start_p50_ms } = measured;
  const times = count === 1 ? "once" : `${count.toLocaleString("en-US")} times`;
  const where = gpus === 0 ? "processors" : `${gpus} × ${gpu}`;
  const day = new Date(last_at).toISOString().slice(0, 10);
  const each = gpus > 1 ? " on each GPU" : "";
  const onGpu = gpu_bytes > 0 ? [`at most ${inGib(gpu_bytes)}${each}`] : [];
  const onHost = memory_bytes > 0 ? [`${inGib(memory_bytes)} of the host's memory`] : [];
  const held = [...onGpu, ...onHost].join(" and ");
  const took = `ready after ${(start_p50_ms / 1000).toFixed(1)} s`;
  return `Measured ${times} on ${where}, last on ${day}: ${[held, took].filter(Boolean).join(", ")}. It replaces the estimate.`;
}

const inGib = (bytes: number): string =>
  bytes < gib / 10 ? `${Math.ceil(bytes / 2 ** 20)} MiB` : `${(bytes / gib).toFixed(1)} GiB`;
