/** One measure over the last hour: its name, its last and its highest value, and a line. */
import type { Series } from "../src/app/control-api.ts";
import { now } from "./now.ts";
import { type Point, pathOf } from "./sparkline-path.ts";

const hour_ms = 3_600_000;

export interface SparklineProps {
  metric: string;
  name: string;
  words(value: number): string;
  /** Where the scale ends, for what has an end; else at the highest value. */
  top?: number;
  of: Series;
}

export function Sparkline({ metric, name, words, top = 0, of }: SparklineProps) {
  const points: readonly Point[] =
    of.series.find((series) => series.metric === metric)?.points ?? [];
  const most = Math.max(...points.map(([, , , max]) => max), 0);
  const to = now.value;
  const scale = { from: to - hour_ms, to, top: Math.max(top, most), interval_ms: of.interval_ms };
  const last = points.at(-1)?.[1];
  const text = last === undefined ? "nothing" : `${words(last)}, at most ${words(most)}`;
  return (
    <figure class="sparkline">
      <figcaption>
        {name} <b>{last === undefined ? "–" : words(last)}</b>
        {last !== undefined && <span class="detail"> max {words(most)}</span>}
      </figcaption>
      <svg
        viewBox="0 0 300 48"
        preserveAspectRatio="none"
        role="img"
        aria-label={`${name} in the last hour: ${text}`}
      >
        <path d={pathOf(points, scale, 300, 46)} />
      </svg>
    </figure>
  );
}
