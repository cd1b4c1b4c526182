/** A plot over time with its legend, which shows sums, or the bucket that is pointed at. */
import { type Signal, useSignal } from "@preact/signals";
import { useEffect, useRef } from "preact/hooks";
import { type Bucket, bucketName } from "./buckets.ts";
import { scheme } from "./color-scheme.ts";
import { count } from "./format.ts";
import type { Plot } from "./plot.ts";

export interface Series {
  name: string;
  /** Class of the swatch; the theme gives it the colour that the plot takes over. */
  tone: "series-1" | "series-2" | "series-bad";
  /** One value per time. */
  values: readonly number[];
  /** How far the bar reaches where that is not the value: on top of what is drawn after it. */
  reach?: readonly number[];
}

interface ChartProps {
  /** What is plotted, for those who cannot see it. */
  label: string;
  bucket: Bucket;
  /** Start of each bucket, milliseconds since the epoch. */
  times: readonly number[];
  series: readonly Series[];
}

export function Chart({ label, bucket, times, series }: ChartProps) {
  const pointed = useSignal<number | null>(null);
  const broken = useSignal(false);
  const box = usePlot({ bucket, times, series }, pointed, broken);
  const index = pointed.value;
  const at = index === null ? undefined : times[index];
  return (
    <figure class="chart">
      <figcaption>
        {series.map(({ name, tone, values }) => (
          <span key={name} class="legend">
            <span class={`swatch ${tone}`} aria-hidden="true" />
            {name} <b>{count(at === undefined ? sum(values) : (values[index ?? 0] ?? 0))}</b>
          </span>
        ))}
        <span class="chart-at">{at === undefined ? "in all" : bucketName(bucket, at)}</span>
      </figcaption>
      {broken.value && <p class="bad">The plot could not be loaded. Reload the page.</p>}
      <div class="plot" ref={box} role="img" aria-label={label} />
    </figure>
  );
}

/** Where bars end that stand on the bars of BELOW. */
export function stacked(values: readonly number[], below: readonly number[]): number[] {
  return values.map((value, index) => value + (below[index] ?? 0));
}

const sum = (values: readonly number[]): number => values.reduce((all, value) => all + value, 0);

type Drawn = Pick<ChartProps, "bucket" | "times" | "series">;

/** Keeps a plot inside the returned box; uPlot is fetched apart, so that words need not wait for it. */
function usePlot(
  { bucket, times, series }: Drawn,
  pointed: Signal<number | null>,
  broken: Signal<boolean>,
) {
  const box = useRef<HTMLDivElement>(null);
  const plot = useRef<Plot>(undefined);
  const data = useRef<readonly (readonly number[])[]>([]);
  data.current = [times, ...series.map(({ values, reach }) => reach ?? values)];

  useEffect(() => {
    let gone = false;
    async function draw(): Promise<void> {
      const { drawPlot } = await import("./plot.ts");
      if (gone || !box.current) return;
      plot.current = drawPlot(box.current, bucket, data.current, (index) => {
        pointed.value = index;
      });
    }
    // After an upgrade of the appliance, an open page asks for a file that is no more.
    draw().catch(() => {
      broken.value = true;
    });
    return () => {
      gone = true;
      plot.current?.end();
      plot.current = undefined;
    };
  }, [scheme.value, bucket, series.length]);

  useEffect(() => plot.current?.show(data.current), [times, series]);
  return box;
}
