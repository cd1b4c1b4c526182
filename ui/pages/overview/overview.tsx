/** The appliance at a glance. */
import { Alerts } from "../../alerts.tsx";
import { hour } from "../../buckets.ts";
import { alertsQuery } from "../../host-api.ts";
import { Loaded } from "../../notice.tsx";
import { Heading, Panel } from "../../panel.tsx";
import { hostsQuery, modelsQuery, usageQuery } from "../../queries.ts";
import { useRemote } from "../../remote.ts";
import { isAdmin } from "../../session.ts";
import { JoinHostButton, NoHosts } from "../hosts/join-host.tsx";
import { Figures } from "./figures.tsx";
import { HostRow } from "./host-row.tsx";
import { ModelRows } from "./model-rows.tsx";
import { Traffic } from "./traffic.tsx";

export function OverviewPage() {
  const hosts = useRemote(hostsQuery);
  const models = useRemote(modelsQuery);
  const alerts = useRemote(alertsQuery);
  const usage = useRemote(usageQuery("minute", hour));
  const canAdd = isAdmin.value && (hosts.data.value?.data.length ?? 0) > 0;
  const whose = isAdmin.value ? "" : "Your ";
  return (
    <>
      <Heading title="Overview" />
      <Figures
        hosts={hosts.data.value?.data}
        models={models.data.value?.data}
        minutes={usage.data.value?.data}
      />
      <Panel title="Alerts" flush>
        <Loaded from={alerts} what="alerts">
          {({ data }) => <Alerts alerts={data} none="Nothing is wrong." />}
        </Loaded>
      </Panel>
      <div class="traffic">
        <Loaded from={usage} what="traffic">
          {({ data }) => <Traffic minutes={data} whose={whose} />}
        </Loaded>
      </div>
      <Panel title="Shared models" flush>
        <Loaded from={models} what="models">
          {({ data }) => <ModelRows models={data} />}
        </Loaded>
      </Panel>
      <Panel title="Hosts" flush aside={canAdd && <JoinHostButton />}>
        <Loaded from={hosts} what="hosts">
          {({ data }) =>
            data.length === 0 ? (
              <NoHosts />
            ) : (
              <ul class="rows">
                {data.map((host) => (
                  <HostRow key={host.id} host={host} />
                ))}
              </ul>
            )
          }
        </Loaded>
      </Panel>
    </>
  );
}
