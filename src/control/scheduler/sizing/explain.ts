/** The answer as sentences: what was asked, what it takes, what would fit. */
import { gib } from "./gpus.ts";
import { measuredInWords } from "./measured.ts";
import type { Model } from "./model.ts";
import type { Plan, SizingQuery } from "./plan.ts";
import { reserve_bytes } from "./runtime-memory.ts";

/** REMEDY: how many GPUs of the same type would hold all that was asked; null when none up to 16 do. */
export function explain(model: Model, ask: SizingQuery, plan: Plan, remedy: number | null): string {
  return [
    answer(model, plan),
    wouldFit(model, plan, remedy),
    measuredInWords(plan),
    needs(model, ask, plan),
    ...doubts(model, plan),
  ]
    .filter((sentence) => sentence !== "")
    .join(" ");
}

function answer({ name, precision }: Model, plan: Plan): string {
  const subject = `${name} (${precision.name})`;
  const place = `on ${cards(plan.gpus, plan.gpu)}`;
  const asked = `${tokens(plan.context)} of context and ${requests(plan.concurrency)}`;
  switch (plan.verdict) {
    case "fits":
      return `${subject} fits ${place} with ${asked}; there is room for ${number(plan.max_concurrency)} of that length at once.`;
    case "fits_smaller":
      return `${subject} does not fit ${place} with ${asked}, but it does with a context of up to ${tokens(plan.max_context)}.`;
    case "no":
      return `${subject} does not fit ${place}.`;
  }
}

function wouldFit({ facts }: Model, plan: Plan, remedy: number | null): string {
  const beyond = facts.context_max !== null && plan.context > facts.context_max;
  // More GPUs do not make a model's own context longer; that has its own sentence.
  if (plan.verdict === "fits" || (beyond && plan.max_context === facts.context_max)) return "";
  const fewer =
    plan.max_concurrency > 0 && plan.max_concurrency < plan.concurrency
      ? `With ${requests(plan.max_concurrency)} the asked context fits. `
      : "";
  return remedy === null
    ? `${fewer}No number of ${plan.gpu} up to 16 holds all that was asked.`
    : `${fewer}All that was asked fits on ${cards(remedy, plan.gpu)}.`;
}

function needs(
  { origin, parameters }: Model,
  { gpu, utilization }: SizingQuery,
  plan: Plan,
): string {
  const usable = size(Math.floor(gpu.memory_bytes * utilization));
  const mixture =
    parameters && parameters.active < parameters.total
      ? `; ${billions(parameters.active)} of ${billions(parameters.total)} parameters are active`
      : "";
  return (
    `Of ${usable} usable per GPU (${utilization} of ${size(gpu.memory_bytes)}), weights take ` +
    `${size(plan.weights_bytes_per_gpu)} (${origin.weights}${mixture}), activation ` +
    `${size(plan.activation_bytes_per_gpu)}, overhead ${size(plan.overhead_bytes_per_gpu)}; ` +
    `${size(plan.kv_bytes_per_gpu)} are left for the cache, ${size(plan.kv_needed_bytes_per_gpu)} ` +
    `are needed, and ${size(reserve_bytes)} are kept in reserve.`
  );
}

function doubts({ facts, origin, precision }: Model, plan: Plan): string[] {
  const used = precision.engine === "vllm" ? plan.tensor_parallel : plan.gpus;
  const rest = plan.gpus - used;
  return [
    facts.context_max !== null && plan.context > facts.context_max
      ? `The model was made for at most ${tokens(facts.context_max)}.`
      : "",
    facts.hybrid === null
      ? ""
      : `Hybrid model: ${facts.hybrid}. The cache is bounded from above and not extrapolated; what the first start logs is the measure.`,
    origin.cache === null ? "" : `The cache is ${origin.cache}; a config.json makes it exact.`,
    rest > 0
      ? `The model does not split evenly over more than ${used} of these GPUs; ${rest} would stay idle.`
      : "",
  ];
}

const cards = (n: number, name: string): string => `${n} × ${name}`;
const requests = (n: number): string => `${number(n)} ${n === 1 ? "request" : "requests"} at once`;
const tokens = (n: number): string => `${number(n)} tokens`;
const number = (n: number): string => n.toLocaleString("en-US");
const size = (bytes: number): string =>
  Math.abs(bytes) < gib / 10
    ? `${Math.ceil(bytes / 2 ** 20)} MiB`
    : `${(bytes / gib).toFixed(2)} GiB`;
const billions = (n: number): string => `${(n / 1e9).toFixed(1)} B`;
