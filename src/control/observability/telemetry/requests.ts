/** What finished requests add up to: counters and histograms per model and endpoint, in memory. */
import { Family } from "./exposition.ts";
import { geometric, Histogram } from "./histogram.ts";

/** One finished request, as the gateway measures it. */
export interface Measured {
  /** Empty for a model that does not exist. */
  model: string;
  endpoint: string | null;
  overhead_ms: number;
  ttft_ms: number | null;
  duration_ms: number;
  inter_token_ms_mean: number | null;
  status: number;
  prompt_tokens: number;
  completion_tokens: number;
}

/** 1 ms to 17 min, each a half more than the last: vLLM's range, and a percentile is at most that wrong. */
const duration_bounds = geometric(0.001, 1000, 1.5);
const overhead_bounds = geometric(0.00005, 0.5, 2);
const inter_token_bounds = geometric(0.0005, 10, 1.5);

interface Sums {
  readonly model: string;
  readonly endpoint: string;
  readonly statuses: Map<number, number>;
  readonly duration: Histogram;
  readonly ttft: Histogram;
  readonly overhead: Histogram;
  readonly inter_token: Histogram;
  prompt_tokens: number;
  completion_tokens: number;
}

/** Models that are gone keep their counters until a restart; this bounds them. */
const series_max = 10_000;

export class Requests {
  readonly #sums = new Map<string, Sums>();

  observe(measured: Measured): void {
    const sums = this.#sumsOf(measured);
    sums.statuses.set(measured.status, (sums.statuses.get(measured.status) ?? 0) + 1);
    sums.duration.observe(measured.duration_ms / 1000);
    sums.overhead.observe(measured.overhead_ms / 1000);
    if (measured.ttft_ms !== null) sums.ttft.observe(measured.ttft_ms / 1000);
    if (measured.inter_token_ms_mean !== null) {
      sums.inter_token.observe(measured.inter_token_ms_mean / 1000);
    }
    sums.prompt_tokens += measured.prompt_tokens;
    sums.completion_tokens += measured.completion_tokens;
  }

  families(): Family[] {
    const requests = new Family("requests_total", "counter", "Requests that reached routing.");
    const tokens = new Family("tokens_total", "counter", "Tokens of prompts and completions.");
    const duration = seconds("request_duration_seconds", "From arrival to the last byte.");
    const ttft = seconds("ttft_seconds", "From arrival to the first content of a stream.");
    const overhead = seconds(
      "gateway_overhead_seconds",
      "Our own part, before the runtime has it.",
    );
    const gaps = seconds("inter_token_seconds", "Between the tokens of a stream, on average.");
    for (const sums of this.#sums.values()) {
      const { model, endpoint } = sums;
      const labels = { model, endpoint };
      for (const [status, count] of sums.statuses) {
        requests.add({ ...labels, status: String(status) }, count);
      }
      tokens.add({ ...labels, kind: "prompt" }, sums.prompt_tokens);
      tokens.add({ ...labels, kind: "completion" }, sums.completion_tokens);
      duration.addHistogram(labels, sums.duration);
      ttft.addHistogram(labels, sums.ttft);
      overhead.addHistogram(labels, sums.overhead);
      gaps.addHistogram(labels, sums.inter_token);
    }
    return [requests, tokens, duration, ttft, overhead, gaps];
  }

  #sumsOf({ model, endpoint }: Measured): Sums {
    const known = this.#sums.get(endpoint ?? model);
    if (known) return known;
    const isFull = this.#sums.size >= series_max;
    const name = isFull || model === "" ? "unknown" : model;
    const key = isFull ? "unknown" : (endpoint ?? model);
    const sums = this.#sums.get(key) ?? newSums(name, isFull ? "" : (endpoint ?? ""));
    this.#sums.set(key, sums);
    return sums;
  }
}

const seconds = (name: string, help: string): Family => new Family(name, "histogram", help);

const newSums = (model: string, endpoint: string): Sums => ({
  model,
  endpoint,
  statuses: new Map(),
  prompt_tokens: 0,
  completion_tokens: 0,
  duration: new Histogram(duration_bounds),
  ttft: new Histogram(duration_bounds),
  overhead: new Histogram(overhead_bounds),
  inter_token: new Histogram(inter_token_bounds),
});
