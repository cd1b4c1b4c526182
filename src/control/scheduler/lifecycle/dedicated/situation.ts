/** What the machine of one endpoint looks at, and the pieces that its decisions are made of. Pure. */
import type { Cause } from "../../../../../agent/contract/protocol/messages.ts";
import type { Status } from "../../../../shared/endpoint-status.ts";
import type { Endpoint } from "../../../models/endpoints/endpoint.ts";
import type { Change, EndpointState, Transition } from "../../../models/endpoints/status.ts";
import type { ReplicaSet, ReplicaView } from "./replica-set.ts";

export interface Demand {
  inflight: number;
  waiting: number;
  /** Last byte of the last response, 0 for never. */
  last_active_at: number;
}

export interface Rules {
  now: number;
  /** How long a replica may look for a place. */
  placing_timeout_ms: number;
  /** Nothing ready for this long, with crashes, is a failure. */
  unready_timeout_ms: number;
}

export interface Situation {
  endpoint: Endpoint;
  standing: EndpointState;
  replicas: ReplicaSet;
  members: readonly ReplicaView[];
  demand: Demand;
  /** Replicas that autoscaling wants while it is up. */
  target: number;
  rules: Rules;
  /** What has happened so far in this pass. */
  transition: Transition | null;
}

export interface Decision extends Change {
  /** Replicas of the revision in force to be placed now. */
  start: number;
  /** Wanted replicas that are not wanted any more. */
  stop: readonly string[];
  /** Those that are to sleep in place from now on, where there is room for it. */
  sleep: readonly string[];
  /** Sleepers that are to be awake again. */
  wake_up: readonly string[];
}

/** A request waits, a person asked, or it should never have slept. */
export const isWanted = ({ standing, demand, endpoint }: Situation): boolean =>
  demand.waiting > 0 ||
  standing.wake_asked_at !== null ||
  (endpoint.spec.min_replicas > 0 && standing.intent === "run");

/** The same situation in another status. Two steps in one pass are reported as one, from the first. */
export function entering(
  situation: Situation,
  to: Status,
  reason: string,
  changes: Partial<EndpointState> = {},
): Situation {
  const { standing, rules, transition } = situation;
  const from = transition?.from ?? standing.status;
  return {
    ...situation,
    standing: { ...standing, ...changes, status: to, since: rules.now },
    transition: { at: rules.now, from, to, reason, detail: changes.detail ?? "" },
  };
}

/** Stays as it is, but for the given starts and stops. */
export function keep(
  { endpoint, standing, transition }: Situation,
  {
    start = 0,
    stop = [],
    sleep = [],
    wake_up = [],
    previous = "keep",
  }: Partial<Omit<Decision, keyof EndpointState>> = {},
): Decision {
  return {
    endpoint_id: endpoint.id,
    standing,
    transition,
    wake: null,
    previous: endpoint.previous === null ? "keep" : previous,
    start,
    stop,
    sleep,
    wake_up,
  };
}

export interface Failing {
  cause: Exclude<Cause, "">;
  detail: string;
  log_tail: readonly string[];
}

export function failureOf({ observed }: ReplicaView): Failing {
  return {
    cause: observed?.cause || "runtime_crash",
    detail:
      observed?.detail || "The runtime stopped without an error message. Its log may say why.",
    log_tail: observed?.log_tail ?? [],
  };
}

export function failing(situation: Situation, failure: Failing): Decision {
  const failed = entering(situation, "failed", failure.cause, {
    ...failure,
    wake_asked_at: null,
    unready_since: null,
  });
  return keep(failed, { stop: all(situation), previous: "drop" });
}

export const ids = (...groups: readonly (readonly ReplicaView[])[]): string[] =>
  groups.flatMap((group) => group.map(({ id }) => id));

/** Everything that is still wanted. */
export const all = ({ members }: Situation): string[] =>
  ids(members.filter(({ wanted }) => wanted));
