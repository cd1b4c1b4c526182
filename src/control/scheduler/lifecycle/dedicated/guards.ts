/** The conditions in the table of transitions. Pure. */
import type { EndpointState } from "../../../models/endpoints/status.ts";
import { type ReplicaView, type Situation, sleepersToWake } from "./situation.ts";

export type Guard = (situation: Situation) => boolean;

export const always: Guard = () => true;

/** No replica of it is left on any host, as far as hosts have proved it. */
export const isEmpty: Guard = ({ replicas }) => replicas.empty;

export const isRequested: Guard = ({ demand }) => demand.waiting > 0;

/** A person asked, or the first of the requests that wait. */
export const isAsked: Guard = ({ standing }) => standing.wake_asked_at !== null;

/** A request waits, a person asked, or it should never have slept. */
export const isWanted: Guard = (situation) =>
  isRequested(situation) ||
  isAsked(situation) ||
  (situation.endpoint.spec.min_replicas > 0 && situation.standing.intent === "run");

export const isReady: Guard = ({ replicas }) => replicas.ready.length > 0;

/** No further try will help: the agent gave up, or it crashes before it was ever ready. */
export const isHopeless: Guard = (situation) => hopelessOf(situation) !== undefined;

export const hopelessOf = ({ replicas }: Situation): ReplicaView | undefined =>
  replicas.broken ?? replicas.crashing;

/** Clients that fail fast are not waiting, and come back a moment later for what they have woken. */
const nobody_waits_ms = 60_000;

/** Full now is not full for ever: the next request tries again, which a failed endpoint would not. */
export const isGivenUp: Guard = (situation) => {
  // One that must not sleep would be woken again at once.
  if (!isPlaceless(situation) || situation.endpoint.spec.min_replicas > 0) return false;
  const patience_ms = isRequested(situation) ? situation.rules.placing_timeout_ms : nobody_waits_ms;
  return since(situation) > patience_ms;
};

export const isOutOfPatience: Guard = (situation) =>
  isPlaceless(situation) && since(situation) > situation.rules.placing_timeout_ms;

const isPlaceless: Guard = (situation) =>
  situation.replicas.current.length + sleepersToWake(situation).length === 0;

const since = ({ rules, standing }: Situation): number => rules.now - standing.since;

/** The idle clock starts at the last byte of the last response, and never before it was up (A5). */
export const isIdle: Guard = (situation) => {
  const { endpoint, standing, demand, rules, transition } = situation;
  const { min_replicas, idle_timeout_s } = endpoint.spec;
  if (min_replicas > 0 || idle_timeout_s === null || transition !== null) return false;
  if (demand.inflight > 0 || demand.waiting > 0 || !isReady(situation)) return false;
  const active_at = Math.max(standing.since, standing.last_active_at, demand.last_active_at);
  return rules.now - active_at >= idle_timeout_s * 1000;
};

/** A crashed replica is started again by its agent; one that the agent gave up never is. */
export const isDown: Guard = (situation) => {
  const bad = badOf(situation);
  if (!bad || isReady(situation)) return false;
  const { unready_since } = withUnreadyClock(situation);
  const unready_ms = unready_since === null ? 0 : situation.rules.now - unready_since;
  return bad.state === "failed" || unready_ms > situation.rules.unready_timeout_ms;
};

export const badOf = ({ replicas }: Situation): ReplicaView | undefined =>
  replicas.broken ?? replicas.current.find(({ state }) => state === "crashed");

/** Ready for this long again, and the trouble before is over. */
const steady_ms = 60_000;

/**
 * Hosts that are only silent do not start this clock: their replicas most likely go on. In a crash loop
 * neither the next start nor a replica that is ready for moments stops it.
 */
export function withUnreadyClock({ standing, replicas, rules: { now } }: Situation): EndpointState {
  const { unready_since } = standing;
  if (replicas.ready.length === 0) {
    const crashed = replicas.current.some(({ state }) => state === "crashed" || state === "failed");
    const unready = unready_since ?? (crashed ? now : null);
    return unready === null
      ? standing
      : { ...standing, unready_since: unready, steady_since: null };
  }
  if (unready_since === null) return standing;
  const steady_since = standing.steady_since ?? now;
  const isOver = now - steady_since >= steady_ms;
  return isOver
    ? { ...standing, unready_since: null, steady_since: null }
    : { ...standing, steady_since };
}

/** There is a new revision. What became up in this very pass is looked at in the next one. */
export const isChanged: Guard = ({ endpoint, transition }) =>
  endpoint.previous !== null && transition === null;

/** Room that is not there in two minutes will not come: both revisions must fit side by side. */
const room_timeout_ms = 120_000;

export const hasNoRoomBeside: Guard = (situation) =>
  situation.replicas.current.length === 0 && since(situation) > room_timeout_ms;

/** Enough new ones are ready; or some are, and more will not come while the old ones hold their places. */
export const hasTakenOver: Guard = (situation) => {
  const { current, ready, old } = situation.replicas;
  if (ready.length === 0) return false;
  if (ready.length >= situation.standing.target || old.length === 0) return true;
  return since(situation) > room_timeout_ms && current.length === ready.length;
};
