/** Counts of observations by size: cumulative for Prometheus, and good enough for percentiles. */
export class Histogram {
  readonly bounds: readonly number[];
  readonly counts: number[];
  sum = 0;
  count = 0;

  /** BOUNDS ascend; what is above the last one is counted apart. */
  constructor(bounds: readonly number[]) {
    this.bounds = bounds;
    this.counts = new Array<number>(bounds.length + 1).fill(0);
  }

  observe(value: number): void {
    let low = 0;
    let high = this.bounds.length;
    while (low < high) {
      const middle = (low + high) >> 1;
      if (value <= (this.bounds[middle] ?? 0)) high = middle;
      else low = middle + 1;
    }
    this.counts[low] = (this.counts[low] ?? 0) + 1;
    this.sum += value;
    this.count += 1;
  }

  /** Between the bounds of the bucket that it lies in, so at most one bucket wrong; null without observations. */
  quantile(q: number): number | null {
    if (this.count === 0) return null;
    const wanted = q * this.count;
    let below = 0;
    for (const [i, count] of this.counts.entries()) {
      if (below + count >= wanted && count > 0) {
        const from = i === 0 ? 0 : (this.bounds[i - 1] ?? 0);
        const to = this.bounds[i] ?? from;
        return from + ((to - from) * (wanted - below)) / count;
      }
      below += count;
    }
    return this.bounds.at(-1) ?? null;
  }
}

/** FROM, then each larger by FACTOR, up to TO. */
export function geometric(from: number, to: number, factor: number): number[] {
  const bounds: number[] = [];
  for (let bound = from; bound <= to; bound *= factor) bounds.push(Number(bound.toPrecision(4)));
  return bounds;
}
