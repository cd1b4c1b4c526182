/** The last hour of an endpoint, a line for each measure. */
import type { Series } from "../../../src/http.ts";
import { duration, short } from "../../format.ts";
import { Loaded } from "../../notice.tsx";
import { now } from "../../now.ts";
import { seriesQuery } from "../../queries.ts";
import { useRemote } from "../../remote.ts";
import { type Point, pathOf } from "./sparkline.ts";

const hour_ms = 3_600_000;
const measures: readonly { metric: string; name: string; words(value: number): string }[] = [
  { metric: "requests_per_s", name: "Requests per second", words: short },
  { metric: "completion_tokens_per_s", name: "Tokens per second", words: short },
  { metric: "inflight", name: "In flight", words: short },
  { metric: "waiting", name: "Waiting", words: short },
  { metric: "ttft_p50_ms", name: "First token, p50", words: duration },
  { metric: "ttft_p95_ms", name: "First token, p95", words: duration },
  { metric: "ready_replicas", name: "Ready replicas", words: short },
  { metric: "errors_per_s", name: "Errors per second", words: short },
];

export function Plots({ id }: { id: string }) {
  const series = useRemote(seriesQuery(id));
  return (
    <Loaded from={series} what="measurements">
      {(data) =>
        data.series.length === 0 ? (
          <p class="hint">
            Nothing was measured yet: a sample comes every ten seconds while it runs.
          </p>
        ) : (
          <div class="sparklines">
            {measures.map((measure) => (
              <Sparkline key={measure.metric} {...measure} of={data} />
            ))}
          </div>
        )
      }
    </Loaded>
  );
}

interface SparklineProps {
  metric: string;
  name: string;
  words(value: number): string;
  of: Series;
}

function Sparkline({ metric, name, words, of }: SparklineProps) {
  const points: readonly Point[] =
    of.series.find((series) => series.metric === metric)?.points ?? [];
  const top = Math.max(...points.map(([, , , max]) => max), 0);
  const to = now.value;
  const scale = { from: to - hour_ms, to, top, interval_ms: of.interval_ms };
  const last = points.at(-1)?.[1];
  const text = last === undefined ? "nothing" : `${words(last)}, at most ${words(top)}`;
  return (
    <figure class="sparkline">
      <figcaption>
        {name} <b>{last === undefined ? "–" : words(last)}</b>
        {last !== undefined && <span class="detail"> max {words(top)}</span>}
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
