/** What one interval of measuring saw of one subject: the raw samples of its time series. */
import { geometric, Histogram } from "./histogram.ts";
import type { Measured } from "./requests.ts";

/** Each bound is a tenth above the last: a percentile is at most that wrong. */
const bounds_ms = geometric(1, 600_000, 1.1);

export class Interval {
  requests = 0;
  errors = 0;
  prompt_tokens = 0;
  completion_tokens = 0;
  readonly ttft = new Histogram(bounds_ms);
  readonly duration = new Histogram(bounds_ms);

  observe({ status, ttft_ms, duration_ms, prompt_tokens, completion_tokens }: Measured): void {
    this.requests += 1;
    // 499 is the client's own doing.
    if (status >= 400 && status !== 499) this.errors += 1;
    this.prompt_tokens += prompt_tokens;
    this.completion_tokens += completion_tokens;
    if (ttft_ms !== null) this.ttft.observe(ttft_ms);
    this.duration.observe(duration_ms);
  }

  /** Per second over SECONDS; percentiles only where there was something to measure. */
  values(seconds: number): Record<string, number> {
    const values: Record<string, number | null> = {
      requests_per_s: this.requests / seconds,
      errors_per_s: this.errors / seconds,
      prompt_tokens_per_s: this.prompt_tokens / seconds,
      completion_tokens_per_s: this.completion_tokens / seconds,
      ttft_p50_ms: this.ttft.quantile(0.5),
      ttft_p95_ms: this.ttft.quantile(0.95),
      duration_p95_ms: this.duration.quantile(0.95),
    };
    return Object.fromEntries(
      Object.entries(values).filter((entry): entry is [string, number] => entry[1] !== null),
    );
  }
}
