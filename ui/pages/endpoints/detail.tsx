/** One endpoint in full. */
import type { EndpointView } from "../../../src/app/control-api.ts";
import { Copyable } from "../../copy.tsx";
import { Download } from "../../download.tsx";
import { ago, bytes, count, date, duration, plural } from "../../format.ts";
import { Loaded } from "../../notice.tsx";
import { now } from "../../now.ts";
import { Heading, Panel } from "../../panel.tsx";
import { endpointQuery } from "../../queries.ts";
import { useRemote } from "../../remote.ts";
import { can, isAdmin, user } from "../../session.ts";
import { EndpointActions } from "./actions.tsx";
import { Events } from "./events.tsx";
import { LiveLog } from "./live-log.tsx";
import { Plots } from "./plots.tsx";
import { EndpointReplicas } from "./replicas.tsx";
import { EndpointState, wakeWords } from "./state.tsx";

export function EndpointDetail({ id }: { id: string }) {
  const endpoint = useRemote(endpointQuery(id));
  return (
    <Loaded from={endpoint} what="the endpoint">
      {(data) => <Whole endpoint={data} changed={endpoint.refresh} />}
    </Loaded>
  );
}

interface WholeProps {
  endpoint: EndpointView;
  changed(): void;
}

function Whole({ endpoint, changed }: WholeProps) {
  const mine = can("member") && endpoint.owner_email === user.value?.email;
  const mayChange = isAdmin.value || mine;
  return (
    <>
      <Heading title={endpoint.name} about={<EndpointState endpoint={endpoint} />}>
        {mayChange && <EndpointActions endpoint={endpoint} changed={changed} />}
      </Heading>
      <Panel title="State" flush>
        <div class="endpoint">
          {endpoint.detail && (
            <p class={endpoint.cause ? "sentence bad" : "sentence"}>{endpoint.detail}</p>
          )}
          <Download progress={endpoint.progress} />
          {endpoint.log_tail.length > 0 && (
            <pre class="log-lines">{endpoint.log_tail.join("\n")}</pre>
          )}
        </div>
        <Facts endpoint={endpoint} />
        <EndpointReplicas replicas={endpoint.replicas} />
      </Panel>
      <Panel title="Use it">
        <Copyable label="Copy base URL" text={endpoint.openai_base_url} />
        <Copyable label="Copy command" text={curlFor(endpoint)} />
        <a class="button small" href={`/playground?model=${encodeURIComponent(endpoint.name)}`}>
          Try it in the playground
        </a>
      </Panel>
      <Panel title="Last hour">
        <Plots id={endpoint.id} />
      </Panel>
      {mayChange && (
        <Panel title="Log">
          <LiveLog id={endpoint.id} />
        </Panel>
      )}
      <Panel title="Events" flush>
        <Events id={endpoint.id} />
      </Panel>
    </>
  );
}

/** For how long it keeps its weights in the host's memory. */
function inPlaceWords({ l1_timeout_s }: EndpointView): string {
  if (l1_timeout_s === 0) return "";
  return l1_timeout_s === null
    ? ", in place as long as it can"
    : `, in place for ${count(l1_timeout_s)} s`;
}

function Facts({ endpoint }: { endpoint: EndpointView }) {
  const { runs, sizing, idle_timeout_s, min_replicas, max_replicas, concurrency } = endpoint;
  const sleeps =
    min_replicas > 0 || idle_timeout_s === null
      ? "never"
      : `after ${count(idle_timeout_s)} s${inPlaceWords(endpoint)} · ${wakeWords(endpoint)}`;
  const facts: [name: string, value: string][] = [
    ["Model", runs.source],
    ["Runtime", runs.runtime],
    ["Context", `${count(runs.context_tokens)} tokens × ${count(concurrency)} at once`],
    ["Replicas", `${min_replicas} to ${max_replicas}, now ${endpoint.target_replicas}`],
    ["Sleeps", sleeps],
    ["Last used", ago(endpoint.last_active_at, now.value)],
    ["Owner", endpoint.owner_email ?? "nobody any more"],
    ["Visible to", endpoint.visibility],
    ["Created", date(endpoint.created_at)],
    ["Revision", String(endpoint.generation)],
    ["Measured", measuredWords(endpoint)],
    ["Size", sizing?.explanation ?? "Its size is unknown."],
  ];
  return (
    <dl class="properties">
      {facts.map(([name, value]) => (
        <div key={name} class={name === "Size" ? "whole-row" : ""}>
          <dt>{name}</dt>
          <dd>{value}</dd>
        </div>
      ))}
    </dl>
  );
}

/** What its starts really took. */
function measuredWords({ measured }: EndpointView): string {
  if (!measured) return "nothing yet";
  const { gpu, gpus, gpu_bytes, memory_bytes, start_p50_ms, count: starts } = measured;
  const where = gpus === 0 ? "processors" : `${gpus} × ${gpu}`;
  const held = gpu_bytes > 0 ? `${bytes(gpu_bytes)} a GPU` : bytes(memory_bytes);
  return `${held} on ${where} · starts in ${duration(start_p50_ms)} (${plural(starts, "start")})`;
}

const curlFor = ({ openai_base_url }: EndpointView): string =>
  [
    `curl ${openai_base_url}/chat/completions \\`,
    '  -H "authorization: Bearer $KEY" -H "content-type: application/json" \\',
    `  -d '{"messages":[{"role":"user","content":"Hello"}]}'`,
  ].join("\n");
