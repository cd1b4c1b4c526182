/** Prometheus text format 0.0.4 (prometheus.io/docs/instrumenting/exposition_formats). */
import type { Histogram } from "./histogram.ts";

export type Labels = Readonly<Record<string, string>>;
export type Kind = "counter" | "gauge" | "histogram";

/** One metric with its samples, as lines. */
export class Family {
  readonly #lines: string[];
  readonly #name: string;

  constructor(name: string, kind: Kind, help: string) {
    this.#name = `hypervize_${name}`;
    this.#lines = [`# HELP ${this.#name} ${help}`, `# TYPE ${this.#name} ${kind}`];
  }

  add(labels: Labels, value: number, suffix = ""): this {
    this.#lines.push(`${this.#name}${suffix}${braced(labels)} ${written(value)}`);
    return this;
  }

  addHistogram(labels: Labels, histogram: Histogram): this {
    let cumulative = 0;
    for (const [i, bound] of histogram.bounds.entries()) {
      cumulative += histogram.counts[i] ?? 0;
      this.add({ ...labels, le: String(bound) }, cumulative, "_bucket");
    }
    this.add({ ...labels, le: "+Inf" }, histogram.count, "_bucket");
    return this.add(labels, histogram.sum, "_sum").add(labels, histogram.count, "_count");
  }

  toString(): string {
    return `${this.#lines.join("\n")}\n`;
  }
}

function braced(labels: Labels): string {
  const pairs = Object.entries(labels).map(([name, value]) => `${name}="${escaped(value)}"`);
  return pairs.length === 0 ? "" : `{${pairs.join(",")}}`;
}

const escaped = (value: string): string =>
  value.replace(/\\/g, "\\\\").replace(/"/g, '\\"').replace(/\n/g, "\\n");

const written = (value: number): string =>
  Number.isFinite(value) ? String(value) : value > 0 ? "+Inf" : "NaN";
