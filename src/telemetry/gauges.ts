/** What is so right now, read when somebody asks. Pure. */
import { Family } from "./exposition.ts";
import type { Sample } from "./samples.ts";

export interface Snapshot {
  endpoints: readonly {
    id: string;
    name: string;
    status: string;
    inflight: number;
    waiting: number;
  }[];
  replicas: readonly { state: string; count: number }[];
  hosts: readonly {
    name: string;
    up: boolean;
    /** Null for a host that never connected. */
    heartbeat_age_s: number | null;
    gpus: readonly { uuid: string; used_bytes: number }[];
  }[];
  /** Requests being relayed, of Elastic models too. */
  inflight: number;
  /** For the time series: only of what is active. */
  samples: readonly Sample[];
}

export function gauges({ endpoints, replicas, hosts, inflight }: Snapshot): Family[] {
  const inflights = new Family("inflight", "gauge", "Requests being relayed.").add({}, inflight);
  const waiting = new Family("waiting", "gauge", "Requests that wait for an endpoint to wake.");
  const states = new Family("endpoint_state", "gauge", "1 for the state that an endpoint is in.");
  for (const { name, status, waiting: held } of endpoints) {
    states.add({ endpoint: name, state: status }, 1);
    waiting.add({ endpoint: name }, held);
  }
  const counts = new Family("replicas", "gauge", "Replicas by state.");
  for (const { state, count } of replicas) counts.add({ state }, count);
  return [inflights, waiting, states, counts, ...hostGauges(hosts)];
}

function hostGauges(hosts: Snapshot["hosts"]): Family[] {
  const up = new Family("host_up", "gauge", "1 while a host is heard from.");
  const age = new Family("heartbeat_age_seconds", "gauge", "Since a host was last heard.");
  const memory = new Family("gpu_memory_used_bytes", "gauge", "As last reported by the host.");
  for (const { name, up: isUp, heartbeat_age_s, gpus } of hosts) {
    up.add({ host: name }, isUp ? 1 : 0);
    if (heartbeat_age_s !== null) age.add({ host: name }, heartbeat_age_s);
    for (const { uuid, used_bytes } of gpus) memory.add({ host: name, gpu: uuid }, used_bytes);
  }
  return [up, age, memory];
}
