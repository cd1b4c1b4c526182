/** An endpoint as people and programs see it. Pure. */
import type {
  Cause,
  ObservedReplica,
  StartPhase,
} from "../../../../agent/contract/protocol/messages.ts";
import type { Status } from "../../../shared/endpoint-status.ts";
import type { Measured, Sizing } from "../../scheduler/sizing/plan.ts";
import type { Artifact } from "../resolution/artifact.ts";
import type { Endpoint } from "./endpoint.ts";
import { depthOf } from "./endpoints.ts";
import type { Permission } from "./permission.ts";
import type { EndpointSpec } from "./spec.ts";
import type { Depth, Intent, Phase } from "./status.ts";
import type { WakeTimes } from "./wake-times.ts";

/** What an endpoint is doing right now, joined by composition from the lifecycle and routing. */
export interface EndpointLive {
  /** Null when nothing starts. */
  phase: Phase | null;
  progress: EndpointProgress | null;
  /** Those that are wanted. */
  replicas: readonly LiveReplica[];
  inflight: number;
  waiting: number;
  /** Last byte of the last response in ms since the epoch; 0 for never since our start. */
  last_active_at: number;
}

export interface EndpointProgress {
  downloaded_bytes: number;
  /** 0 while it is not known. */
  download_bytes: number;
  bytes_per_s: number;
  eta_s: number | null;
}

export interface EndpointReplica {
  id: string;
  host_id: string;
  host_name: string;
  /** `waiting`: its host has not spoken of it yet. */
  state: ObservedReplica["state"] | "waiting";
  phase: StartPhase;
  detail: string;
  restarts: number;
  inflight: number;
  started_at_ms: number;
  ready_after_ms: number;
}

export interface LiveReplica extends EndpointReplica {
  devices: readonly string[];
}

export interface EndpointView extends EndpointSpec {
  id: string;
  name: string;
  url: string;
  openai_base_url: string;
  /** Null when there is no such user any more. */
  owner_email: string | null;
  created_at: number;
  status: Status;
  since: number;
  /** How deep it sleeps, also while it wakes from there; else null. */
  depth: Depth | null;
  phase: Phase | null;
  progress: EndpointProgress | null;
  intent: Intent;
  cause: Cause;
  detail: string;
  /** Empty for those who may not read its logs. */
  log_tail: readonly string[];
  has_hf_token: boolean;
  /** What was asked, as `context` is; null: as fits. `runs` has what it came to. */
  context_tokens: number | null;
  /** Grows with every change of what is run. */
  generation: number;
  /** What the spec came to: with which runtime, from where, with how long a context. */
  runs: Pick<Artifact, "runtime" | "source" | "context_tokens">;
  /** Null when the model's size is unknown, or the fleet has nothing to size it on. */
  sizing: Sizing | null;
  /** What its starts really took, where it ran last; null before the first. */
  measured: Measured | null;
  placement: { replica: string; host_id: string; host_name: string; devices: readonly string[] }[];
  target_replicas: number;
  ready_replicas: number;
  replicas: EndpointReplica[];
  inflight: number;
  waiting: number;
  /** Null for never. */
  last_active_at: number | null;
  wake: WakeTimes | null;
}

/** What a view takes from elsewhere than the endpoint itself. */
export interface EndpointViewDeps {
  /** Scheme and host under which the caller reached us. */
  origin: string;
  owner_email: string | null;
  has_hf_token: boolean;
  live: EndpointLive;
  sizing: Sizing | null;
  measured: Measured | null;
  wake: WakeTimes | null;
}

export function viewOf(
  endpoint: Endpoint,
  permission: Permission,
  around: EndpointViewDeps,
): EndpointView {
  const { id, name, spec, artifact, standing, created_at, revision: generation } = endpoint;
  const { origin, live, owner_email, has_hf_token, sizing, measured, wake } = around;
  const { status, since, intent, cause, detail, log_tail, target } = standing;
  const { runtime, source, context_tokens } = artifact;
  const mayChange = permission === "change";
  const url = `${origin}/api/d/${id}`;
  const last_active_at = Math.max(standing.last_active_at, live.last_active_at);
  return {
    id,
    name,
    url,
    openai_base_url: `${url}/v1`,
    owner_email,
    created_at,
    // The order to delete is final, so nobody has to wait for the lifecycle to see it.
    status: intent === "delete" ? "deleting" : status,
    since,
    intent,
    cause,
    detail,
    depth: depthOf(standing),
    phase: live.phase,
    progress: live.progress,
    log_tail: mayChange ? log_tail : [],
    ...spec,
    context_tokens: spec.context,
    env: mayChange ? spec.env : hidden(spec.env),
    has_hf_token,
    generation,
    runs: { runtime, source, context_tokens },
    sizing,
    measured,
    placement: live.replicas.map(({ id: replica, host_id, host_name, devices }) => ({
      replica,
      host_id,
      host_name,
      devices,
    })),
    target_replicas: target,
    ready_replicas: live.replicas.filter(({ state }) => state === "ready").length,
    replicas: live.replicas.map(({ devices: _, ...replica }) => replica),
    inflight: live.inflight,
    waiting: live.waiting,
    last_active_at: last_active_at === 0 ? null : last_active_at,
    wake,
  };
}

/** That a variable is set is no secret. */
const hidden = (env: EndpointSpec["env"]): EndpointSpec["env"] =>
  Object.fromEntries(Object.keys(env).map((name) => [name, "…"]));
