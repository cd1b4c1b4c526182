/** The period, bucket by bucket: requests above, tokens below. */
import type { UsageGroup } from "../../../src/app/control-api.ts";
import type { Period } from "../../buckets.ts";
import { Chart, stacked } from "../../chart.tsx";

interface OverTimeProps {
  period: Period;
  groups: readonly UsageGroup[];
}

export function OverTime({ period, groups }: OverTimeProps) {
  const times = groups.map(({ key }) => Number(key));
  const values = (of: "requests" | "errors" | "prompt_tokens" | "completion_tokens") =>
    groups.map((group) => group[of]);
  const prompt = values("prompt_tokens");
  const completion = values("completion_tokens");
  const when = `${period.name.toLowerCase()}, by ${period.bucket}`;
  return (
    <div class="pair">
      <Chart
        label={`Requests, ${when}`}
        bucket={period.bucket}
        times={times}
        series={[
          { name: "Requests", tone: "series-1", values: values("requests") },
          { name: "Errors", tone: "series-bad", values: values("errors") },
        ]}
      />
      <Chart
        label={`Tokens, ${when}`}
        bucket={period.bucket}
        times={times}
        series={[
          { name: "Prompt", tone: "series-2", values: prompt, reach: stacked(prompt, completion) },
          { name: "Completion", tone: "series-1", values: completion },
        ]}
      />
    </div>
  );
}
