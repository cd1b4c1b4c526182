/** What the table of transitions looks at: an endpoint, its replicas sorted by what they mean for it, its load. Pure. */
import type { ObservedReplica } from "../../../../../agent/contract/protocol/messages.ts";
import type { Endpoint } from "../../../models/endpoints/endpoint.ts";
import type { Change, EndpointState } from "../../../models/endpoints/status.ts";

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
  /** What has happened so far in this pass. Two steps in one pass are reported as one, from the first. */
  transition: Change["transition"];
  /** A wake that has ended well in this pass. */
  wake: Change["wake"];
}

export interface Decision extends Change {
  /** Replicas of the revision in force to be placed now. */
  start: number;
  /** Wanted replicas that are not wanted any more. */
  stop: readonly string[];
  /** Those that are to sleep in place from now on, where there is room for it. */
  sleep: readonly string[];
  /** Those that sleep in place and are to be awake again. */
  wake_up: readonly string[];
}

export type ReplicaState = ObservedReplica["state"] | "waiting";

export interface ReplicaView {
  id: string;
  host_id: string;
  revision: number;
  created_at: number;
  /** False while its host still has to prove that it is gone. */
  wanted: boolean;
  /** `waiting`: its host has not spoken of it yet. */
  state: ReplicaState;
  /** Its host has been silent long enough that it is replaced. */
  lost: boolean;
  /** Its host is to be emptied. */
  leaving: boolean;
  /** It is to sleep in place, and not to serve. */
  asleep: boolean;
  /** Its host has spoken, and does not have it. */
  missing: boolean;
  inflight: number;
  observed: ObservedReplica | null;
}

export interface ReplicaSet {
  /** Wanted, not lost, of the revision in force, and to be awake. */
  current: readonly ReplicaView[];
  /** Wanted, not lost, of an earlier revision. */
  old: readonly ReplicaView[];
  /** As `current`, but to sleep in place. */
  sleepers: readonly ReplicaView[];
  /** Of `current`. */
  ready: readonly ReplicaView[];
  lost: readonly ReplicaView[];
  /** Wanted ones on hosts that are to be emptied; they count as current until replaced. */
  leaving: readonly ReplicaView[];
  /** One that the agent gave up. */
  broken: ReplicaView | undefined;
  /** One that crashed so often without ever being ready that a person has to look. */
  crashing: ReplicaView | undefined;
  /** Not one of them, wanted or not, is left. */
  empty: boolean;
}

const crashes_while_starting = 3;

export function replicaSetOf(members: readonly ReplicaView[], revision: number): ReplicaSet {
  const wanted = members.filter((member) => member.wanted);
  const there = wanted.filter((member) => !member.lost);
  const inForce = there.filter((member) => member.revision === revision);
  const current = inForce.filter(({ asleep }) => !asleep);
  return {
    current,
    sleepers: inForce.filter(({ asleep }) => asleep),
    old: there.filter((member) => member.revision !== revision),
    ready: current.filter(({ state }) => state === "ready"),
    lost: wanted.filter((member) => member.lost),
    leaving: current.filter((member) => member.leaving),
    broken: current.find(({ state }) => state === "failed"),
    crashing: current.find(isCrashing),
    empty: members.length === 0,
  };
}

/** Counts only before the first success: later the agent's back-off is the better judge. */
function isCrashing({ state, observed }: ReplicaView): boolean {
  if (state !== "crashed" || !observed) return false;
  return observed.ready_after_ms === 0 && observed.restarts + 1 >= crashes_while_starting;
}

/** Which COUNT to stop: those that serve least, then the youngest. */
export function leastUseful(members: readonly ReplicaView[], count: number): string[] {
  const rank = ({ state, leaving }: ReplicaView): number =>
    state === "ready" ? (leaving ? 1 : 2) : 0;
  return members
    .toSorted(
      (a, b) =>
        rank(a) - rank(b) ||
        a.inflight - b.inflight ||
        b.created_at - a.created_at ||
        a.id.localeCompare(b.id),
    )
    .slice(0, Math.max(0, count))
    .map(({ id }) => id);
}

export const idsOf = (...groups: readonly (readonly ReplicaView[])[]): string[] =>
  groups.flatMap((group) => group.map(({ id }) => id));

/** Everything that is still wanted. */
export const allWanted = ({ members }: Situation): string[] =>
  idsOf(members.filter(({ wanted }) => wanted));

/** Whether its replicas are started so that they can sleep in place. */
export const sleepsInPlace = ({ spec, artifact }: Pick<Endpoint, "spec" | "artifact">): boolean =>
  artifact.runtime !== "llama-server" && spec.l1_timeout_s !== 0;

/** A sleeper that can still be woken. */
export const isSound = ({ state, missing, leaving }: ReplicaView): boolean =>
  !missing && !leaving && !/^(?:crashed|failed|stopping)$/.test(state);

/** Which of those that serve is to sleep in place, if any: one is enough for a wake. */
export function replicasToSuspend({ endpoint, replicas }: Situation): string[] {
  if (!sleepsInPlace(endpoint)) return [];
  const staying = replicas.ready.filter(({ leaving }) => !leaving);
  const others = leastUseful(staying, staying.length - 1);
  return idsOf(staying).filter((id) => !others.includes(id));
}

/** Those that sleep in place and are woken to reach the target. */
export function sleepersToWake({ replicas, standing }: Situation): string[] {
  const missing = Math.max(0, standing.target - replicas.current.length);
  return idsOf(replicas.sleepers.filter(isSound).slice(0, missing));
}
