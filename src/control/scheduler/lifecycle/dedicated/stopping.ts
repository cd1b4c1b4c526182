import type { Status } from "../../../../shared/endpoint-status.ts";
import { all, type Decision, entering, keep, type Situation } from "./situation.ts";
import { replicasToSuspend, scaledToZero } from "./sleeping.ts";

/** Its replicas stop at once for new requests, but for one that may sleep in place; their hosts let open ones end. */
export function sleeping(situation: Situation, reason: string, detail = ""): Decision {
  if (situation.standing.status === "sleeping") return scaledToZero(situation);
  const { standing, demand } = situation;
  const sleep = replicasToSuspend(situation);
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
  const { replicas, standing } = situation;
  const to: Status = replicas.empty || standing.status === "paused" ? "paused" : "draining";
  if (standing.status === to) return atRest(situation);
  return atRest(
    entering(situation, to, "asked", { detail: "", wake_asked_at: null, unready_since: null }),
  );
}

/** Its row goes when the last host has said that nothing of it is left. */
export function deleting(situation: Situation): Decision {
  if (situation.standing.status !== "deleting") {
    return atRest(entering(situation, "deleting", "asked"));
  }
  const decision = atRest(situation);
  return situation.replicas.empty ? { ...decision, standing: null } : decision;
}

/** Nothing runs, and no older revision is worth keeping. */
export const atRest = (situation: Situation): Decision =>
  keep(situation, { stop: all(situation), previous: "drop" });
