/** Our counts against the engines' own, check by check. */
import type { DriftView } from "../../../src/app/control-api.ts";
import { clock, count, date } from "../../format.ts";
import { Empty, Loaded } from "../../notice.tsx";
import { Panel } from "../../panel.tsx";
import { driftQuery } from "../../queries.ts";
import { useRemote } from "../../remote.ts";

const shown_max = 10;

export function Drift() {
  const drift = useRemote(driftQuery);
  return (
    <Panel title="Metered against the engines' own counters" flush aside={<Total />}>
      <Loaded from={drift} what="checks">
        {({ data }) =>
          data.length === 0 ? (
            <Empty title="No check yet">
              <p>Every hour the counters of each replica are compared with the requests here.</p>
            </Empty>
          ) : (
            <Checks checks={data.slice(0, shown_max)} />
          )
        }
      </Loaded>
    </Panel>
  );
}

function Total() {
  const { data } = useRemote(driftQuery);
  const view = data.value;
  if (!view || view.data.length === 0) return null;
  return <>{percent(view.totals.drift)} in all</>;
}

function Checks({ checks }: { checks: DriftView["data"] }) {
  return (
    <table class="numbers">
      <thead>
        <tr>
          <th>Until</th>
          <th>Model</th>
          <th class="number">Engine</th>
          <th class="number">Metered</th>
          <th class="number">Drift</th>
        </tr>
      </thead>
      <tbody>
        {checks.map((check) => (
          <tr key={`${check.replica} ${check.to}`}>
            <td data-label="Until">
              {date(check.to)} {clock(check.to)}
            </td>
            <td data-label="Model">{check.model}</td>
            <td data-label="Engine" class="number">
              {count(check.engine_prompt_tokens + check.engine_completion_tokens)}
            </td>
            <td data-label="Metered" class="number">
              {count(check.metered_prompt_tokens + check.metered_completion_tokens)}
            </td>
            <td data-label="Drift" class={Math.abs(check.drift) > 0.01 ? "number bad" : "number"}>
              {percent(check.drift)}
            </td>
          </tr>
        ))}
      </tbody>
    </table>
  );
}

const percent = (ratio: number): string =>
  `${ratio > 0 ? "+" : ""}${(Math.round(ratio * 10_000) / 100).toFixed(2)} %`;
