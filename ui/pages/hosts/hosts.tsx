/** Each host with its replicas, and what an admin may do to it. */
import { Alerts } from "../../alerts.tsx";
import { alertsQuery } from "../../host-api.ts";
import { Loaded } from "../../notice.tsx";
import { Heading, Panel } from "../../panel.tsx";
import { hostsQuery } from "../../queries.ts";
import { useRemote } from "../../remote.ts";
import { isAdmin } from "../../session.ts";
import { HostPanel } from "./host-panel.tsx";
import { JoinHostButton, NoHosts } from "./join-host.tsx";

export function HostsPage() {
  const hosts = useRemote(hostsQuery);
  const alerts = useRemote(alertsQuery);
  // Without any host, the page itself asks for the first one.
  const canAdd = isAdmin.value && (hosts.data.value?.data.length ?? 0) > 0;
  return (
    <>
      <Heading title="Hosts" about="The machines that run models.">
        {canAdd && <JoinHostButton />}
      </Heading>
      {(hosts.data.value?.data.length ?? 0) > 0 && (
        <Panel title="Alerts" flush>
          <Loaded from={alerts} what="alerts">
            {({ data }) => <Alerts alerts={data} none="Nothing is wrong with any host." />}
          </Loaded>
        </Panel>
      )}
      <Loaded from={hosts} what="hosts">
        {({ data }) =>
          data.length === 0 ? (
            <Panel title="No hosts" flush untitled>
              <NoHosts />
            </Panel>
          ) : (
            data.map((host) => <HostPanel key={host.id} host={host} changed={hosts.refresh} />)
          )
        }
      </Loaded>
    </>
  );
}
