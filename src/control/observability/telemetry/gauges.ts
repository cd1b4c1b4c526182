/** What is so right now, read when somebody asks. Pure. */
import { Family } from "./exposition.ts";
import { type HostSnapshot, hostGauges } from "./host-gauges.ts";
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
  hosts: readonly HostSnapshot[];
  /** Requests being relayed, of shared models too. */
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
