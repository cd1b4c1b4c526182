/** What an engine counted itself since it started, out of its Prometheus text. Pure. */

export interface Counter {
  tokens: number;
  /** How far the number that was printed may lie from the real one. */
  off_by: number;
}

export interface EngineCounters {
  prompt: Counter;
  completion: Counter;
  /** False when prompt tokens that came out of the engine's cache are not counted in `prompt`. */
  includes_cached: boolean;
  /** Requests that it works on or that wait in it, so that its counters lag behind. */
  inflight: number;
}

interface Engine {
  prompt: readonly string[];
  completion: string;
  inflight: readonly string[];
  /** Significant digits that it prints. */
  digits: number;
}

/**
 * vLLM counts cached prompt tokens in (v1/metrics/loggers.py: `num_prompt_tokens`, whose cached part
 * it shows as well), SGLang too (its `cached_tokens_total` is a part). llama-server does not: newer
 * builds have a separate counter for those. It prints as C++ streams do: 1050440 is 1.05044e+06.
 */
const engines: readonly Engine[] = [
  {
    prompt: ["llamacpp:prompt_tokens_total", "llamacpp:prompt_tokens_cached_total"],
    completion: "llamacpp:tokens_predicted_total",
    inflight: ["llamacpp:requests_processing", "llamacpp:requests_deferred"],
    digits: 6,
  },
  {
    prompt: ["vllm:prompt_tokens_total"],
    completion: "vllm:generation_tokens_total",
    inflight: ["vllm:num_requests_running", "vllm:num_requests_waiting"],
    digits: 15,
  },
  {
    prompt: ["sglang:prompt_tokens_total"],
    completion: "sglang:generation_tokens_total",
    inflight: ["sglang:num_running_reqs", "sglang:num_queue_reqs"],
    digits: 15,
  },
];

/** Null when TEXT holds the counters of no engine that we know. */
export function engineCounters(text: string): EngineCounters | null {
  for (const { prompt, completion, inflight, digits } of engines) {
    const prompts = prompt.map((name) => valuesOf(text, name));
    const completions = valuesOf(text, completion);
    if (prompts[0]?.length === 0 || completions.length === 0) continue;
    return {
      prompt: counterOf(prompts.flat(), digits),
      completion: counterOf(completions, digits),
      includes_cached: prompts.every((values) => values.length > 0),
      inflight: sumOf(inflight.flatMap((name) => valuesOf(text, name))),
    };
  }
  return null;
}

/** One for each label set: vLLM has one for each of its engines. */
function valuesOf(text: string, name: string): number[] {
  const lines = text.matchAll(new RegExp(`^${name}(?:\\{.*\\})? ([^ \\r\\n]+)`, "gm"));
  return [...lines].map(([, value]) => Number(value)).filter(Number.isFinite);
}

const counterOf = (values: readonly number[], digits: number): Counter => ({
  tokens: Math.round(sumOf(values)),
  off_by: sumOf(values.map((value) => roundingOf(value, digits))),
});

function roundingOf(value: number, digits: number): number {
  const dropped = value < 1 ? 0 : Math.floor(Math.log10(value)) + 1 - digits;
  return dropped > 0 ? 10 ** dropped / 2 : 0;
}

const sumOf = (values: readonly number[]): number => values.reduce((sum, value) => sum + value, 0);
