/** Up: keeps as many replicas as the load wants, replaces what is lost, and falls asleep. Pure. */
import type { EndpointState } from "../../../models/endpoints/status.ts";
import { leastUseful } from "./replica-set.ts";
import { type Decision, failing, failureOf, ids, keep, type Situation } from "./situation.ts";
import { sleeping } from "./stopping.ts";

export function serving(before: Situation): Decision {
  if (isIdle(before)) return sleeping(before, "idle");
  const { replicas, rules, target } = before;
  const situation = { ...before, standing: { ...watched(before), target } };
  const { unready_since } = situation.standing;
  const unready_ms = unready_since === null ? 0 : rules.now - unready_since;
  const bad = replicas.broken ?? replicas.current.find(({ state }) => state === "crashed");
  if (bad && replicas.ready.length === 0) {
    // A crashed one is started again by its agent; one that the agent gave up never is.
    if (bad.state === "failed" || unready_ms > rules.unready_timeout_ms) {
      return failing(situation, failureOf(bad));
    }
  }
  return keep(situation, { ...corrections(situation), previous: "drop" });
}

function corrections(situation: Situation): Pick<Decision, "start" | "stop"> {
  const { replicas, target } = situation;
  const gone = [...replaceable(situation), ...ids(replicas.old, replicas.lost, replicas.sleepers)];
  const settled = replicas.current.filter(({ id, leaving }) => !leaving && !gone.includes(id));
  // One on a host that is to be emptied goes when there is another in its place.
  const ready = settled.filter(({ state }) => state === "ready").length;
  const leavers = ready >= target ? ids(replicas.leaving) : [];
  return {
    start: Math.max(0, target - settled.length),
    stop: [...gone, ...leavers, ...leastUseful(settled, settled.length - target)],
  };
}

/** The idle clock starts at the last byte of the last response, and never before it was up (A5). */
function isIdle({ endpoint, standing, demand, rules, replicas, transition }: Situation): boolean {
  const { min_replicas, idle_timeout_s } = endpoint.spec;
  if (min_replicas > 0 || idle_timeout_s === null || transition !== null) return false;
  if (demand.inflight > 0 || demand.waiting > 0 || replicas.ready.length === 0) return false;
  const active_at = Math.max(standing.since, standing.last_active_at, demand.last_active_at);
  return rules.now - active_at >= idle_timeout_s * 1000;
}

/** Ready for this long again, and the trouble before is over. */
const steady_ms = 60_000;

/**
 * Hosts that are only silent do not start this clock: their replicas most likely go on. In a crash loop
 * neither the next start nor a replica that is ready for moments stops it.
 */
function watched({ standing, replicas, rules: { now } }: Situation): EndpointState {
  const { unready_since } = standing;
  if (replicas.ready.length === 0) {
    const crashed = replicas.current.some(({ state }) => state === "crashed" || state === "failed");
    const since = unready_since ?? (crashed ? now : null);
    return since === null ? standing : { ...standing, unready_since: since, steady_since: null };
  }
  if (unready_since === null) return standing;
  const steady_since = standing.steady_since ?? now;
  const isOver = now - steady_since >= steady_ms;
  return isOver
    ? { ...standing, unready_since: null, steady_since: null }
    : { ...standing, steady_since };
}

/** A given-up replica beside ready ones is replaced, but no more than one a minute. */
function replaceable({ replicas, rules }: Situation): string[] {
  const { broken } = replicas;
  if (!broken || replicas.ready.length === 0) return [];
  const youngest = Math.max(...replicas.current.map(({ created_at }) => created_at));
  return rules.now - youngest >= 60_000 ? [broken.id] : [];
}
