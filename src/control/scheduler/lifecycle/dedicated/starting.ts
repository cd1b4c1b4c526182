/** On the way up, for the first time or from sleep. Pure. */
import type { Depth, EndpointState } from "../../../models/endpoints/status.ts";
import type { ReplicaView } from "./replica-set.ts";
import { serving } from "./serving.ts";
import {
  type Decision,
  entering,
  failing,
  failureOf,
  ids,
  keep,
  type Situation,
} from "./situation.ts";
import { isSound } from "./sleeping.ts";
import { sleeping } from "./stopping.ts";

export function waking(situation: Situation): Decision {
  const { standing, rules, demand } = situation;
  const reason = demand.waiting > 0 ? "request" : "asked";
  const wake_asked_at = standing.wake_asked_at ?? rules.now;
  return starting(
    entering(situation, "waking_up", reason, { ...fresh(situation), intent: "run", wake_asked_at }),
  );
}

export function rebuilding(situation: Situation, reason: string): Decision {
  return starting(entering(situation, "building", reason, fresh(situation)));
}

const fresh = ({ endpoint }: Situation): Partial<EndpointState> => ({
  target: Math.max(1, endpoint.spec.min_replicas),
  cause: "",
  detail: "",
  log_tail: [],
  unready_since: null,
});

/** `building` and `waking_up`: the same way, from more or less far. */
export function starting(before: Situation): Decision {
  const situation = { ...before, standing: { ...before.standing, depth: depthNow(before) } };
  const { replicas, standing, rules } = situation;
  const hopeless = replicas.broken ?? replicas.crashing;
  if (hopeless) return failing(situation, failureOf(hopeless));
  if (replicas.ready.length > 0) return becomeReady(situation);
  const wake_up = sleepersFor(situation);
  if (replicas.current.length + wake_up.length === 0) {
    const waited_ms = rules.now - standing.since;
    const detail = standing.detail || "No host had room for it in time.";
    if (standing.status === "waking_up" && isGivenUp(situation, waited_ms)) {
      return sleeping(situation, "no_room", detail);
    }
    if (waited_ms > rules.placing_timeout_ms) {
      return failing(situation, { cause: "no_capacity", detail, log_tail: [] });
    }
  }
  return keep(situation, {
    start: Math.max(0, standing.target - replicas.current.length - wake_up.length),
    wake_up,
    stop: [
      ...ids(replicas.old, replicas.lost),
      ...ids(replicas.sleepers).filter((id) => !wake_up.includes(id)),
    ],
    previous: "drop",
  });
}

function sleepersFor({ replicas, standing }: Situation): string[] {
  const missing = Math.max(0, standing.target - replicas.current.length);
  return ids(replicas.sleepers.filter(isSound).slice(0, missing));
}

/** From where the wake under way really comes: a sleeper that is gone or has crashed starts over. */
function depthNow({ replicas, standing }: Situation): Depth {
  if (standing.depth !== "l1") return standing.depth;
  const isSleeper = (member: ReplicaView): boolean =>
    isSound(member) && (member.asleep || member.created_at < standing.since);
  return [...replicas.sleepers, ...replicas.current].some(isSleeper) ? "l1" : "stopped";
}

/** Full now is not full for ever: the next request tries again, which a failed endpoint would not. */
function isGivenUp({ demand, rules, endpoint }: Situation, waited_ms: number): boolean {
  // One that must not sleep would be woken again at once.
  if (endpoint.spec.min_replicas > 0) return false;
  const patience_ms = demand.waiting > 0 ? rules.placing_timeout_ms : nobody_waits_ms;
  return waited_ms > patience_ms;
}

/** Clients that fail fast are not waiting, and come back a moment later for what they have woken. */
const nobody_waits_ms = 60_000;

function becomeReady(situation: Situation): Decision {
  const { standing, rules } = situation;
  const asked = standing.status === "waking_up" ? standing.wake_asked_at : null;
  const risen = entering(situation, "up", "ready", { wake_asked_at: null, cause: "", detail: "" });
  const decision = serving(risen);
  return asked === null
    ? decision
    : { ...decision, wake: { depth: standing.depth, duration_ms: rules.now - asked } };
}
