/** Asleep, paused, deleted. Pure. */
import type { Status } from "../../endpoints/status.ts";
import { asleep, bedFor } from "./asleep.ts";
import { all, type Decision, entering, keep, type Situation } from "./situation.ts";

/** Its replicas stop at once for new requests, but for one that may sleep in place; their hosts let open ones end. */
export function sleeping(situation: Situation, reason: string, detail = ""): Decision {
  if (situation.standing.status === "sleeping") return asleep(situation);
  const { standing, demand } = situation;
  const sleep = bedFor(situation);
  const slept = entering(situation, "sleeping", reason, {
    detail,
    depth: sleep.length > 0 ? "l1" : "stopped",
    last_active_at: Math.max(standing.last_active_at, demand.last_active_at),
    wake_asked_at: null,
    unready_since: null,
  });
  const stop = all(situation).filter((id) => !sleep.includes(id));
  return keep(slept, { sleep, stop, previous: "drop" });
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
