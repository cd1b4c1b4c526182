/** One host in full. */
import { useSignal } from "@preact/signals";
import type { HostView } from "../../../src/app/control-api.ts";
import { useAction } from "../../action.ts";
import { drainHost, removeHost, setCordon } from "../../api.ts";
import { Confirm } from "../../confirm.tsx";
import { ago, date } from "../../format.ts";
import { Problem } from "../../notice.tsx";
import { now } from "../../now.ts";
import { Panel } from "../../panel.tsx";
import { isAdmin } from "../../session.ts";
import { HostAbout, HostLoad, HostState } from "../overview/host-row.tsx";
import { Gpus } from "./gpus.tsx";
import { Replicas } from "./replicas.tsx";
import { Xids } from "./xids.tsx";

interface HostPanelProps {
  host: HostView;
  changed(): void;
}

export function HostPanel({ host, changed }: HostPanelProps) {
  const { inventory } = host;
  return (
    <Panel title={host.name} flush aside={<HostAside host={host} changed={changed} />}>
      <div class="host">
        <HostAbout host={host} />
        <HostLoad host={host} />
      </div>
      <dl class="properties">
        <Property name="Id" value={host.id} mono />
        <Property name="Agent" value={host.agent_version} />
        <Property name="Joined" value={date(host.joined_at)} />
        <Property name="Labels" value={labelWords(host)} />
        {host.via && <Property name="Reached" value={ways[host.via]} />}
        <Property name="Last seen" value={ago(host.last_seen_at, now.value)} />
        {inventory && (
          <>
            <Property name="Kernel" value={inventory.kernel} />
            <Property name="CPU" value={`${inventory.cpu_count} × ${inventory.cpu_model}`} />
            <Property
              name="Runtimes"
              value={inventory.runtimes.map(runtimeWords).join(", ") || "none found"}
            />
          </>
        )}
      </dl>
      <Gpus host={host} />
      <Xids host={host} />
      <Replicas replicas={host.replicas} />
    </Panel>
  );
}

const ways: Record<NonNullable<HostView["via"]>, string> = {
  loopback: "on this machine",
  relay: "by its relay",
  tunnel: "by tunnel",
};

/** What a runtime sees is shown where it says so: one that sees no GPU is given none. */
function runtimeWords(runtime: NonNullable<HostView["inventory"]>["runtimes"][number]): string {
  const { name, version, says_devices, devices = [] } = runtime;
  if (!says_devices) {
    const untold =
      name === "llama-server" ? " (it or its agent is older and does not say what it sees)" : "";
    return `${name} ${version}${untold}`;
  }
  const seen = devices.map(({ id, name: device }) => `${id} ${device}`).join(", ");
  return `${name} ${version} (sees ${seen || "no GPU"})`;
}

const labelWords = ({ labels }: HostView): string =>
  Object.entries(labels)
    .map(([name, value]) => `${name}=${value}`)
    .join(", ") || "none";

function Property({ name, value, mono = false }: { name: string; value: string; mono?: boolean }) {
  return (
    <div>
      <dt>{name}</dt>
      <dd class={mono ? "mono" : ""}>{value}</dd>
    </div>
  );
}

function HostAside({ host, changed }: HostPanelProps) {
  return (
    <>
      <HostState host={host} />
      {isAdmin.value && <HostActions host={host} changed={changed} />}
    </>
  );
}

function HostActions({ host, changed }: HostPanelProps) {
  const removing = useSignal(false);
  const cordoning = useAction(async () => {
    await setCordon(host.id, !host.cordoned);
    changed();
  });
  const draining = useAction(async () => {
    await drainHost(host.id);
    changed();
  });
  return (
    <>
      {draining.problem.value && <Problem problem={draining.problem.value} />}
      {cordoning.problem.value && <Problem problem={cordoning.problem.value} />}
      <button
        type="button"
        class="small"
        title={
          host.cordoned
            ? "It may get new replicas again"
            : "It keeps its replicas and gets no new ones"
        }
        disabled={cordoning.busy.value}
        onClick={() => cordoning.run()}
      >
        {host.cordoned ? "Uncordon" : "Cordon"}
      </button>
      {!host.draining && (
        <button
          type="button"
          class="small"
          title="No new replicas; existing ones move to other hosts"
          disabled={draining.busy.value}
          onClick={() => draining.run()}
        >
          Drain
        </button>
      )}
      <button type="button" class="small" onClick={() => (removing.value = true)}>
        Remove
      </button>
      {removing.value && (
        <RemoveHost host={host} changed={changed} close={() => (removing.value = false)} />
      )}
    </>
  );
}

function RemoveHost({ host, changed, close }: HostPanelProps & { close(): void }) {
  const remove = async () => {
    await removeHost(host.id);
    changed();
  };
  return (
    <Confirm title={`Remove ${host.name}?`} verb="Remove host" act={remove} close={close}>
      Its agent ends the models that run there, and its certificate is refused from now on. To come
      back, the host joins again with a new token.
    </Confirm>
  );
}
