/** Does a model fit, on how many GPUs, with which context: the decision and its breakdown in bytes. Pure. */
import { kvBytesPerToken, layerShare, requestBytes, type Split } from "./cache.ts";
import { explain } from "./explain.ts";
import type { Gpu } from "./gpus.ts";
import { withMeasured } from "./measured.ts";
import type { Model } from "./model.ts";
import type { Measured, Plan, Sizing, SizingQuery } from "./plan.ts";
import { activationBytes, batchOf, nonTorchBytes, reserve_bytes } from "./runtime-memory.ts";

/** One host has 8; 16 are two. */
const counts = [1, 2, 3, 4, 5, 6, 7, 8, 16];
/** A shorter context than this serves nobody. */
const context_min = 256;
const context_unstated = 8192;
/** Where the model does not say how far it goes. */
const longest_context = 16_777_216;

/** FIND: what was measured with the decided context on so many GPUs; null: on as few as there is a measurement of. */
export function size(
  model: Model,
  ask: SizingQuery,
  find: (context: number, gpus: number | null) => Measured | null = () => null,
): Sizing {
  const estimate = ask.gpus === undefined ? fewest(model, ask) : planFor(model, ask, ask.gpus);
  const measured = find(estimate.context, ask.gpus ?? null);
  const other = measured !== null && measured.gpus > 0 && measured.gpus !== estimate.gpus;
  const plan = withMeasured(other ? planFor(model, ask, measured.gpus) : estimate, measured);
  const remedy = plan.verdict === "fits" ? null : remedyFor(model, ask, plan.gpus);
  return { ...plan, explanation: explain(model, ask, plan, remedy) };
}

/** The least number of GPUs that fits; where none does, the one with the longest context, or else the most GPUs. */
function fewest(model: Model, ask: SizingQuery): Plan {
  const plans = counts.map((gpus) => planFor(model, ask, gpus));
  const longest = Math.max(...plans.map(({ max_context }) => max_context));
  return (
    plans.find(({ verdict }) => verdict === "fits") ??
    plans.find(({ max_context }) => max_context === longest && longest > 0) ??
    planFor(model, ask, Math.max(...counts))
  );
}

function remedyFor(model: Model, ask: SizingQuery, gpus: number): number | null {
  return counts.find((more) => more > gpus && planFor(model, ask, more).verdict === "fits") ?? null;
}

/** The best use of this many GPUs. A GPU that cannot help (heads do not divide) stays idle. */
function planFor(model: Model, ask: SizingQuery, gpus: number): Plan {
  const splits: Split[] =
    model.precision.engine === "llama-server"
      ? [{ by: "layers", ways: gpus }]
      : tensorParallels(model, gpus).map((ways) => ({ by: "heads", ways }));
  const plans = splits.map((split) => planWith(model, ask, gpus, split));
  return plans.reduce((best, plan) => (roomOf(plan) > roomOf(best) ? plan : best));
}

/** Requests that the cache holds; where it holds none, the missing bytes. */
const roomOf = ({ kv_bytes_per_gpu, kv_needed_bytes_per_gpu }: Plan): number => {
  const room = kv_bytes_per_gpu - reserve_bytes;
  return room > 0 && kv_needed_bytes_per_gpu > 0 ? room / kv_needed_bytes_per_gpu : room / 2 ** 50;
};

/** vLLM wants heads and layers divided evenly, and KV heads divided or copied evenly. */
function tensorParallels({ facts }: Model, gpus: number): number[] {
  const widths = [facts.feed_forward?.width, facts.feed_forward?.experts?.width];
  const kvHeads = facts.cache.map(({ heads }) => heads).filter((heads) => heads !== null);
  return Array.from({ length: gpus }, (_, i) => i + 1).filter(
    (ways) =>
      facts.heads % ways === 0 &&
      kvHeads.every((heads) => heads % ways === 0 || ways % heads === 0) &&
      widths.every((width) => width === undefined || width % ways === 0),
  );
}

function planWith(model: Model, ask: SizingQuery, gpus: number, split: Split): Plan {
  const { facts, precision } = model;
  const { engine } = precision;
  const most = facts.context_max ?? Number.POSITIVE_INFINITY;
  const context = ask.context ?? facts.context_max ?? context_unstated;
  const chunk = batchOf(ask.gpu, engine).tokens;
  const weights = weightsPerGpu(model, split);
  const overhead = nonTorchBytes(engine, split.ways);
  const usable = Math.floor(ask.gpu.memory_bytes * ask.utilization);
  const activation = (tokens: number): number =>
    activationBytes(facts, { gpu: ask.gpu, engine, split, context: tokens });
  const left = (tokens: number): number => usable - weights - overhead - activation(tokens);
  const each = (tokens: number): number => requestBytes(facts, split, { context: tokens, chunk });
  const holds = (tokens: number): boolean =>
    left(tokens) - reserve_bytes >= each(tokens) * ask.concurrency;

  const max_context = longest(holds, Math.min(most, longest_context));
  const enough = context <= most && holds(context);
  return {
    verdict: enough
      ? "fits"
      : max_context >= Math.min(context_min, context)
        ? "fits_smaller"
        : "no",
    gpu: ask.gpu.name,
    gpus,
    tensor_parallel: split.by === "heads" ? split.ways : 1,
    weights_bytes_per_gpu: weights,
    kv_bytes_per_token: kvBytesPerToken(facts),
    kv_bytes_per_gpu: left(context),
    kv_needed_bytes_per_gpu: each(context) * ask.concurrency,
    activation_bytes_per_gpu: activation(context),
    overhead_bytes_per_gpu: overhead,
    context_tokens: context,
    context,
    concurrency: ask.concurrency,
    max_context,
    max_concurrency: atOnce(left(context) - reserve_bytes, each(context), ask.gpu),
    source: model.source,
    measured: null,
  };
}

function weightsPerGpu({ weights_bytes, replicated_bytes, facts }: Model, split: Split): number {
  if (split.by === "layers") return Math.ceil(weights_bytes * layerShare(facts, split.ways));
  const kept = Math.min(replicated_bytes, weights_bytes);
  return Math.ceil((weights_bytes - kept) / split.ways) + kept;
}

/** An encoder has no cache: there the scheduler's own limit counts. */
function atOnce(room: number, each: number, gpu: Gpu): number {
  if (room < 0) return 0;
  return each === 0 ? batchOf(gpu, "vllm").sequences : Math.floor(room / each);
}

/** The largest number up to MOST for which HOLDS is true; it never becomes true again once false. */
function longest(holds: (tokens: number) => boolean, most: number): number {
  let low = 0;
  let high = most;
  while (low < high) {
    const middle = Math.ceil((low + high) / 2);
    if (holds(middle)) low = middle;
    else high = middle - 1;
  }
  return low;
}
