/** Who used what, and when. */
import { useSignal } from "@preact/signals";
import { usageCsv } from "../../api.ts";
import { type Period, periods, startOf } from "../../buckets.ts";
import { Icon } from "../../icons.tsx";
import { Loaded } from "../../notice.tsx";
import { now } from "../../now.ts";
import { Heading, Panel } from "../../panel.tsx";
import { usageQuery } from "../../queries.ts";
import { useRemote } from "../../remote.ts";
import { isAdmin } from "../../session.ts";
import { Breakdown } from "./breakdown.tsx";
import { Drift } from "./drift.tsx";
import { OverTime } from "./over-time.tsx";
import { RecentRequests } from "./recent-requests.tsx";

/** Kept while the page is open, so that one finds the same view when coming back. */
const initial = periods.find(({ id }) => id === "24h") ?? periods[0];

export function UsagePage() {
  const period = useSignal<Period | undefined>(initial);
  const chosen = period.value;
  if (!chosen) return null;
  return (
    <>
      <Heading title="Usage" about={isAdmin.value ? "Everybody's requests." : "Your requests."}>
        <label class="beside">
          <span class="unseen">Period</span>
          <select
            value={chosen.id}
            onChange={(event) => {
              period.value = periods.find(({ id }) => id === event.currentTarget.value);
            }}
          >
            {periods.map(({ id, name }) => (
              <option key={id} value={id}>
                {name}
              </option>
            ))}
          </select>
        </label>
        <a class="button" href={usageCsv(startOf(chosen, now.value))} download="usage.csv">
          <Icon name="download" />
          CSV
        </a>
      </Heading>
      <Totals period={chosen} />
      <Breakdown period={chosen} />
      <RecentRequests />
      {isAdmin.value && <Drift />}
    </>
  );
}

function Totals({ period }: { period: Period }) {
  const usage = useRemote(usageQuery(period.bucket, period));
  return (
    <Panel title={`Requests and tokens per ${period.bucket}`}>
      <Loaded from={usage} what="usage">
        {({ data }) => <OverTime period={period} groups={data} />}
      </Loaded>
    </Panel>
  );
}
