/** Asleep, paused, deleted. Pure. */
import type { Status } from "../../endpoints/status.ts";
import { all, type Decision, entering, keep, type Situation } from "./situation.ts";

/** Its replicas stop at once for new requests; their hosts let open ones end. */
export function sleeping(situation: Situation, reason: string, detail = ""): Decision {
  if (situation.standing.status === "sleeping") return resting(situation);
  const { standing, demand } = situation;
  const asleep = entering(situation, "sleeping", reason, {
    detail,
    last_active_at: Math.max(standing.last_active_at, demand.last_active_at),
    wake_asked_at: null,
    unready_since: null,
  });
  return resting(asleep);
}

export function pausing(situation: Situation): Decision {
  const { crew, standing } = situation;
  const to: Status = crew.empty || standing.status === "paused" ? "paused" : "draining";
  if (standing.status === to) return resting(situation);
  return resting(
    entering(situation, to, "asked", { detail: "", wake_asked_at: null, unready_since: null }),
  );
}

/** Its row goes when the last host has said that nothing of it is left. */
export function deleting(situation: Situation): Decision {
  if (situation.standing.status !== "deleting") {
    return resting(entering(situation, "deleting", "asked"));
  }
  const decision = resting(situation);
  return situation.crew.empty ? { ...decision, standing: null } : decision;
}

/** Nothing runs, and no older revision is worth keeping. */
export const resting = (situation: Situation): Decision =>
  keep(situation, { stop: all(situation), previous: "drop" });
