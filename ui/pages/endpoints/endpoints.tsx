/** The Dedicated endpoints; one of them in full when the address names it. */
import { useSignal } from "@preact/signals";
import type { EndpointView } from "../../../src/app/control-api.ts";
import { Download } from "../../download.tsx";
import { ago } from "../../format.ts";
import { Icon } from "../../icons.tsx";
import { navigate, search } from "../../navigation.ts";
import { Empty, Loaded } from "../../notice.tsx";
import { now } from "../../now.ts";
import { Heading, Panel } from "../../panel.tsx";
import { endpointsQuery } from "../../queries.ts";
import { useRemote } from "../../remote.ts";
import { can } from "../../session.ts";
import { EndpointDetail } from "./detail.tsx";
import { Provision } from "./provision.tsx";
import { EndpointState, wakeWords } from "./state.tsx";

export function EndpointsPage() {
  const id = new URLSearchParams(search.value).get("id");
  return id === null ? <EndpointList /> : <EndpointDetail key={id} id={id} />;
}

function EndpointList() {
  const endpoints = useRemote(endpointsQuery);
  const provisioning = useSignal(false);
  return (
    <>
      <Heading
        title="Endpoints"
        about="Models with reserved memory. They scale, sleep when idle, and wake for a request."
      >
        {can("member") && (
          <button type="button" class="primary" onClick={() => (provisioning.value = true)}>
            <Icon name="plus" />
            New endpoint
          </button>
        )}
      </Heading>
      <Panel title="Endpoints" flush untitled>
        <Loaded from={endpoints} what="endpoints">
          {({ data }) => (data.length === 0 ? <NoEndpoints /> : <EndpointRows endpoints={data} />)}
        </Loaded>
      </Panel>
      {provisioning.value && (
        <Provision
          close={() => (provisioning.value = false)}
          done={({ id }) => navigate(`/endpoints?id=${id}`)}
        />
      )}
    </>
  );
}

function NoEndpoints() {
  return (
    <Empty title="There is no endpoint yet">
      <p>
        An endpoint runs one model with its own address, replicas and idle time. Members make one
        here or with <code>hypervize endpoints create MODEL</code>.
      </p>
    </Empty>
  );
}

function EndpointRows({ endpoints }: { endpoints: readonly EndpointView[] }) {
  return (
    <ul class="rows">
      {endpoints.map((endpoint) => (
        <li key={endpoint.id} class="endpoint">
          <p>
            <a href={`/endpoints?id=${endpoint.id}`}>
              <strong>{endpoint.name}</strong>
            </a>{" "}
            <EndpointState endpoint={endpoint} />
          </p>
          <p class="detail">
            {endpoint.model} · {endpoint.ready_replicas} of {endpoint.target_replicas} replicas ·
            last used {ago(endpoint.last_active_at, now.value)} · {wakeWords(endpoint)}
          </p>
          <Download progress={endpoint.progress} />
          {endpoint.detail && (
            <p class={endpoint.cause ? "sentence bad" : "sentence"}>{endpoint.detail}</p>
          )}
        </li>
      ))}
    </ul>
  );
}
