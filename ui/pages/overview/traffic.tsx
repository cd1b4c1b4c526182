/** Requests and tokens of the last hour, minute by minute. */
import type { UsageGroup } from "../../../src/app/control-api.ts";
import { Chart, stacked } from "../../chart.tsx";
import { count } from "../../format.ts";
import { Panel } from "../../panel.tsx";

interface TrafficProps {
  minutes: readonly UsageGroup[];
  /** "Your " where only the reader's own requests are counted. */
  whose: string;
}

export function Traffic({ minutes, whose }: TrafficProps) {
  const times = minutes.map(({ key }) => Number(key));
  const requests = minutes.map((minute) => minute.requests);
  const prompt = minutes.map((minute) => minute.prompt_tokens);
  const completion = minutes.map((minute) => minute.completion_tokens);
  const all = requests.reduce((sum, value) => sum + value, 0);
  const most = Math.max(0, ...requests);
  return (
    <div class="pair">
      <Panel title={`${whose}${whose ? "requests" : "Requests"} per minute`}>
        <Chart
          label={`Requests per minute over the last hour: ${count(all)} in all, at most ${count(most)} in a minute.`}
          bucket="minute"
          times={times}
          series={[
            { name: "Requests", tone: "series-1", values: requests },
            { name: "Errors", tone: "series-bad", values: minutes.map(({ errors }) => errors) },
          ]}
        />
      </Panel>
      <Panel title={`${whose}${whose ? "tokens" : "Tokens"} per minute`}>
        <Chart
          label="Prompt and completion tokens per minute over the last hour."
          bucket="minute"
          times={times}
          series={[
            {
              name: "Prompt",
              tone: "series-2",
              values: prompt,
              reach: stacked(prompt, completion),
            },
            { name: "Completion", tone: "series-1", values: completion },
          ]}
        />
      </Panel>
    </div>
  );
}
