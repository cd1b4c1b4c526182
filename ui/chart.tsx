/** A plot over time; the only user of uPlot. Colours come from the theme, through the legend's swatches. */
import { useSignal } from "@preact/signals";
import { useEffect, useRef } from "preact/hooks";
import uPlot from "uplot";
import { type Bucket, bucket_ms, bucketName, tickName } from "./buckets.ts";
import { scheme } from "./color-scheme.ts";
import { count, short } from "./format.ts";

export interface Series {
  name: string;
  /** Class of the swatch, which sets its colour: `series-1`, `series-2`, `series-bad`. */
  tone: "series-1" | "series-2" | "series-bad";
  /** One value per time. */
  values: readonly number[];
}

interface ChartProps {
  /** What is plotted, for those who cannot see it. */
  label: string;
  bucket: Bucket;
  /** Start of each bucket, milliseconds since the epoch. */
  times: readonly number[];
  series: readonly Series[];
}

const height_px = 168;

export function Chart({ label, bucket, times, series }: ChartProps) {
  const box = useRef<HTMLDivElement>(null);
  const plot = useRef<uPlot>(undefined);
  const pointed = useSignal<number | null>(null);
  const data = [times.map((at) => at / 1000), ...series.map(({ values }) => [...values])];
  const half_s = bucket_ms[bucket] / 2000;
  const shape = series.map(({ name }) => name).join();

  // New data goes in below, without a new plot.
  useEffect(() => {
    const element = box.current;
    if (!element) return undefined;
    const colors = [...(element.parentElement?.querySelectorAll(".swatch") ?? [])].map(
      (swatch) => getComputedStyle(swatch).color,
    );
    const line = getComputedStyle(element);
    const made = new uPlot(
      {
        width: element.clientWidth,
        height: height_px,
        padding: [8, 4, 0, 0],
        legend: { show: false },
        cursor: { y: false, drag: { x: false, y: false }, points: { show: false } },
        // The server counts days in UTC.
        tzDate: (s) =>
          bucket === "day" ? uPlot.tzDate(new Date(s * 1000), "UTC") : new Date(s * 1000),
        scales: {
          x: { range: (_, first, last) => [first - half_s, last + half_s] },
          y: { range: (_, __, most) => [0, Math.max(most, 4) * 1.05] },
        },
        axes: axes(line.color, line.borderTopColor, bucket),
        series: [{}, ...series.map((_, index) => bars(colors[index] ?? line.color))],
        hooks: {
          setCursor: [
            ({ cursor }) => {
              pointed.value = cursor.idx ?? null;
            },
          ],
        },
      },
      data as uPlot.AlignedData,
      element,
    );
    plot.current = made;
    const resized = new ResizeObserver(() =>
      made.setSize({ width: element.clientWidth, height: height_px }),
    );
    resized.observe(element);
    return () => {
      resized.disconnect();
      made.destroy();
    };
  }, [scheme.value, bucket, shape]);

  useEffect(() => plot.current?.setData(data as uPlot.AlignedData), [times, series]);

  const index = pointed.value;
  const at = index === null ? undefined : times[index];
  return (
    <figure class="chart">
      <figcaption>
        {series.map(({ name, tone, values }) => (
          <span key={name} class="legend">
            <span class={`swatch ${tone}`} aria-hidden="true" />
            {name}{" "}
            <b>
              {count(index === null ? values.reduce((a, b) => a + b, 0) : (values[index] ?? 0))}
            </b>
          </span>
        ))}
        <span class="chart-at">{at === undefined ? "in all" : bucketName(bucket, at)}</span>
      </figcaption>
      <div class="plot" ref={box} role="img" aria-label={label} />
    </figure>
  );
}

function bars(color: string): uPlot.Series {
  const paths = uPlot.paths.bars?.({ size: [0.72, 28, 1], radius: 0.15 });
  return { fill: color, stroke: color, width: 0, points: { show: false }, ...(paths && { paths }) };
}

/** Whole numbers only: there is no half request. */
const steps = Array.from({ length: 13 }, (_, exponent) =>
  [1, 2, 5].map((n) => n * 10 ** exponent),
).flat();

function axes(text: string, grid: string, bucket: Bucket): uPlot.Axis[] {
  const shared = { stroke: text, font: "11px system-ui, sans-serif", ticks: { show: false } };
  return [
    {
      ...shared,
      grid: { show: false },
      size: 24,
      gap: 4,
      space: 64,
      values: (_, times) => times.map((s) => tickName(bucket, s * 1000)),
    },
    {
      ...shared,
      grid: { stroke: grid, width: 1 },
      size: 40,
      gap: 6,
      space: 36,
      incrs: steps,
      values: (_, values) => values.map(short),
    },
  ];
}
