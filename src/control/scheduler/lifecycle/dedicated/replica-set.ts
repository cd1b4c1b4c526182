/** The replicas of one endpoint, sorted by what they mean for it. Pure. */
import type { ObservedReplica } from "../../../../../agent/contract/protocol/messages.ts";

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
  /** Its host has been silent for this long that it is replaced. */
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
  /** The same, but to sleep in place. */
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
