/** A new revision takes over: the old one serves until as many new replicas are ready. Pure. */
import { leastUseful } from "./replica-set.ts";
import { serving } from "./serving.ts";
import {
  type Decision,
  entering,
  type Failing,
  failureOf,
  ids,
  keep,
  type Situation,
} from "./situation.ts";

/** Room that is not there in two minutes will not come: both revisions must fit side by side. */
const room_timeout_ms = 120_000;

export function updating(situation: Situation): Decision {
  const { replicas, standing, rules } = situation;
  if (standing.status === "up") return updating(entering(situation, "updating", "changed"));
  const hopeless = replicas.broken ?? replicas.crashing;
  if (hopeless) return restoring(situation, failureOf(hopeless));
  if (replicas.current.length === 0 && rules.now - standing.since > room_timeout_ms) {
    return restoring(situation, {
      cause: "no_capacity",
      detail: `${standing.detail || "There is no room."} The new revision must fit beside the old one until it is healthy. To update without that, pause the endpoint, change it, and resume it.`,
      log_tail: [],
    });
  }
  if (hasTakenOver(situation)) {
    const settled = { wake_asked_at: null, cause: "", detail: "", log_tail: [] } as const;
    return serving(entering(situation, "up", "updated", settled));
  }
  const surplus = replicas.old.length + replicas.ready.length - standing.target;
  return keep(situation, {
    start: Math.max(0, standing.target - replicas.current.length),
    stop: [...ids(replicas.lost), ...leastUseful(replicas.old, surplus)],
  });
}

/** Enough new ones are ready; or some are, and more will not come while the old ones hold their places. */
function hasTakenOver({ replicas, standing, rules }: Situation): boolean {
  if (replicas.ready.length === 0) return false;
  if (replicas.ready.length >= standing.target || replicas.old.length === 0) return true;
  const isStuck = rules.now - standing.since > room_timeout_ms;
  return isStuck && replicas.current.length === replicas.ready.length;
}

/** The update failed: what served before goes on, and the endpoint says why. */
function restoring(situation: Situation, failure: Failing): Decision {
  const { replicas } = situation;
  const restored = entering(situation, "up", "update_failed", failure);
  return { ...keep(restored, { stop: ids(replicas.current, replicas.lost) }), previous: "restore" };
}
