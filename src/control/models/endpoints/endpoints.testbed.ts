/** For tests: endpoints as they are, with a fleet that is only told of. */
import type { Database } from "../../storage/database.ts";
import { secretsWith } from "../../storage/secrets.ts";
import type { Endpoint } from "./endpoint.ts";
import { Endpoints, type NewEndpoint } from "./endpoints.ts";
import { specOf } from "./provision.ts";
import type { EndpointSpec } from "./spec.ts";
import type { Change, EndpointState } from "./status.ts";
import type { LiveReplica } from "./view.ts";

export const demo = "builtin:hypervize-demo";

export function endpointsIn(
  database: Database,
  now: () => number = () => 5000,
  key = new Uint8Array(32),
): Endpoints {
  return new Endpoints(database, secretsWith(key), now);
}

export const specWith = (changes: Partial<EndpointSpec> = {}): EndpointSpec => ({
  ...specOf({ model: demo }, 900),
  ...changes,
});

export function newEndpoint(name: string, changes: Partial<NewEndpoint> = {}): NewEndpoint {
  return {
    name,
    user_id: "usr_member",
    spec: specWith(),
    hf_token: "",
    artifact: { runtime: "llama-server", source: demo, context_tokens: 8192, model: null },
    ...changes,
  };
}

/** What the lifecycle would decide. */
export const changeOf = (
  { id, standing }: Endpoint,
  changes: Partial<EndpointState> = {},
  rest: Partial<Change> = {},
): Change => ({
  endpoint_id: id,
  standing: { ...standing, ...changes },
  transition: null,
  wake: null,
  previous: "keep",
  ...rest,
});

/** As the loop does it: rows in its transaction, then memory. */
export function decide(database: Database, endpoints: Endpoints, changes: Change[]): void {
  database.transaction(() => endpoints.write(changes));
  endpoints.keep(changes);
}

export const liveReplica = (id: string, changes: Partial<LiveReplica> = {}): LiveReplica => ({
  id,
  host_id: "host_a",
  host_name: "alpha",
  devices: ["cpu"],
  state: "ready",
  phase: "",
  detail: "",
  restarts: 0,
  inflight: 0,
  started_at_ms: 1,
  ready_after_ms: 2,
  ...changes,
});
