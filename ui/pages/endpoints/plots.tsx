/** The last hour of an endpoint, a line for each measure. */
import { duration, short } from "../../format.ts";
import { Loaded } from "../../notice.tsx";
import { seriesQuery } from "../../queries.ts";
import { useRemote } from "../../remote.ts";
import { Sparkline } from "../../sparkline.tsx";

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
