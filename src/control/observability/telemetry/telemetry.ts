/** What the appliance measures: counters for Prometheus, and a sample of everything every ten seconds. */
import type { Database } from "../../storage/database.ts";
import { Family } from "./exposition.ts";
import { gauges, type Snapshot } from "./gauges.ts";
import { geometric, Histogram } from "./histogram.ts";
import { Interval } from "./interval.ts";
import { type Measured, Requests } from "./requests.ts";
import {
  type Retention,
  raw_ms,
  type Sample,
  Samples,
  type Series,
  type SeriesQuery,
} from "./samples.ts";

export interface TelemetryParts {
  now(): number;
  /** Never going back: rates are by it. */
  steady(): number;
  snapshot(): Snapshot;
  retention(): Retention;
  /** What others measure, for Prometheus. */
  more?(): readonly Family[];
  /** A full disk, say: samples are lost, nothing else. */
  report(error: unknown): void;
}

const wake_bounds = geometric(0.05, 1000, 1.5);
/** How many intervals back `recentTtft` looks at most. */
const remembered = 6;
/** With fewer, a percentile says nothing. */
const least_requests = 5;

export class Telemetry {
  readonly #parts: TelemetryParts;
  readonly #samples: Samples;
  readonly #requests = new Requests();
  readonly #wakes = new Map<string, Histogram>();
  /** What has been seen since the last tick, and in the ticks before, by subject. */
  #current = new Map<string, Interval>();
  readonly #past: Map<string, Interval>[] = [];
  #ticked_at: number;
  #timer: ReturnType<typeof setInterval> | undefined;

  constructor(database: Database, parts: TelemetryParts) {
    this.#parts = parts;
    this.#samples = new Samples(database);
    this.#ticked_at = parts.steady();
  }

  start(): void {
    this.#timer = setInterval(() => this.tick(), raw_ms);
  }

  stop(): void {
    clearInterval(this.#timer);
  }

  observeRequest(measured: Measured): void {
    this.#requests.observe(measured);
    this.#intervalOf("").observe(measured);
    const subject = measured.endpoint ?? measured.model;
    if (subject !== "") this.#intervalOf(subject).observe(measured);
  }

  observeWake(depth: string, duration_ms: number): void {
    const histogram = this.#wakes.get(depth) ?? new Histogram(wake_bounds);
    this.#wakes.set(depth, histogram);
    histogram.observe(duration_ms / 1000);
  }

  /** The 95th percentile of the last minute; null with too few requests to say. */
  recentTtft(subject: string): number | null {
    const intervals = [this.#current, ...this.#past].flatMap((seen) => seen.get(subject) ?? []);
    const slowest = intervals.filter(({ ttft }) => ttft.count >= least_requests);
    const values = slowest.flatMap(({ ttft }) => ttft.quantile(0.95) ?? []);
    return values.length === 0 ? null : Math.max(...values);
  }

  /** Writes the samples of the interval that ends now. */
  tick(): void {
    const now = this.#parts.now();
    const steady = this.#parts.steady();
    const seconds = Math.max(0.001, (steady - this.#ticked_at) / 1000);
    const seen = this.#current;
    this.#ticked_at = steady;
    this.#current = new Map();
    this.#past.unshift(seen);
    this.#past.length = Math.min(this.#past.length, remembered);
    try {
      this.#samples.write(now, [
        ...requestSamples(seen, seconds),
        ...this.#parts.snapshot().samples,
      ]);
      this.#samples.prune(now, this.#parts.retention());
    } catch (error) {
      this.#parts.report(error);
    }
  }

  seriesFor(subject: string, query: SeriesQuery): Series {
    return this.#samples.series(subject, query, this.#parts.now());
  }

  /** Prometheus text. */
  exposition(): string {
    const wakes = new Family("wake_seconds", "histogram", "From the first request to ready.");
    for (const [depth, histogram] of this.#wakes) wakes.addHistogram({ depth }, histogram);
    const { snapshot, more } = this.#parts;
    const families = [...this.#requests.families(), wakes, ...gauges(snapshot())];
    families.push(...(more?.() ?? []));
    return families.join("");
  }

  #intervalOf(subject: string): Interval {
    const interval = this.#current.get(subject) ?? new Interval();
    this.#current.set(subject, interval);
    return interval;
  }
}

function requestSamples(seen: ReadonlyMap<string, Interval>, seconds: number): Sample[] {
  return [...seen].flatMap(([subject, interval]) =>
    Object.entries(interval.values(seconds)).map(([metric, value]) => ({ subject, metric, value })),
  );
}
