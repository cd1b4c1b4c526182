/** Bars over time; the only user of uPlot. */
import uPlot from "uplot";
import { type Bucket, bucket_ms, tickName } from "./buckets.ts";
import { short } from "./format.ts";

export interface Plot {
  show(data: Columns): void;
  end(): void;
}

/** Times in milliseconds, then one column per series. */
type Columns = readonly (readonly number[])[];

const height_px = 168;

/** POINT hears the index of the bucket under the pointer, null when there is none. */
export function drawPlot(
  box: HTMLElement,
  bucket: Bucket,
  data: Columns,
  point: (index: number | null) => void,
): Plot {
  const half_s = bucket_ms[bucket] / 2000;
  // A canvas knows no custom properties, so colours are read from elements that the theme has coloured.
  const { color, borderTopColor } = getComputedStyle(box);
  const swatches = [...(box.parentElement?.querySelectorAll(".swatch") ?? [])];
  const colors = swatches.map((swatch) => getComputedStyle(swatch).color);
  const plot = new uPlot(
    {
      width: box.clientWidth,
      height: height_px,
      padding: [8, 14, 0, 0],
      legend: { show: false },
      cursor: { y: false, drag: { x: false, y: false }, points: { show: false } },
      // The server counts days in UTC.
      tzDate: (s) =>
        bucket === "day" ? uPlot.tzDate(new Date(s * 1000), "UTC") : new Date(s * 1000),
      scales: {
        x: { range: (_, first, last) => [first - half_s, last + half_s] },
        y: { range: (_, __, most) => [0, Math.max(most, 4) * 1.05] },
      },
      axes: axes(color, borderTopColor, bucket),
      series: [{}, ...colors.map(bars)],
      hooks: { setCursor: [({ cursor }) => point(cursor.idx ?? null)] },
    },
    aligned(data),
    box,
  );
  const resized = new ResizeObserver(() =>
    plot.setSize({ width: box.clientWidth, height: height_px }),
  );
  resized.observe(box);
  return {
    show: (next) => plot.setData(aligned(next)),
    end() {
      resized.disconnect();
      plot.destroy();
    },
  };
}

function aligned([times = [], ...columns]: Columns): uPlot.AlignedData {
  return [times.map((at) => at / 1000), ...columns.map((values) => [...values])];
}

function bars(color: string): uPlot.Series {
  const paths = uPlot.paths.bars?.({ size: [0.72, 28, 1], radius: 0.15 });
  return { fill: color, stroke: color, width: 0, points: { show: false }, ...(paths && { paths }) };
}

/** Whole numbers only: there is no half request. */
const steps = Array.from({ length: 13 }, (_, exponent) =>
  [1, 2, 5].map((digit) => digit * 10 ** exponent),
).flat();

function axes(text: string, grid: string, bucket: Bucket): uPlot.Axis[] {
  const shared = { stroke: text, font: "11px system-ui, sans-serif", ticks: { show: false } };
  return [
    {
      ...shared,
      grid: { show: false },
      size: 22,
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
