import type { Endpoint } from "../../../models/endpoints/endpoint.ts";
import type { EndpointState } from "../../../models/endpoints/status.ts";
import type { Refused } from "../../placement/fleet.ts";
import { type ReplicaView, replicaSetOf } from "./replica-set.ts";
import { serving } from "./serving.ts";
import { type Decision, type Demand, isWanted, type Rules, type Situation } from "./situation.ts";
import { scaledToZero } from "./sleeping.ts";
import { rebuilding, starting, waking } from "./starting.ts";
import { atRest, deleting, pausing, sleeping } from "./stopping.ts";
import { updating } from "./updating.ts";

export function decide(
  endpoint: Endpoint,
  members: readonly ReplicaView[],
  demand: Demand,
  target: number,
  rules: Rules,
): Decision {
  const standing = remembering(endpoint.standing, demand);
  const replicas = replicaSetOf(members, endpoint.revision);
  const situation: Situation = {
    endpoint,
    standing,
    replicas,
    members,
    demand,
    target,
    rules,
    transition: null,
  };
  switch (standing.intent) {
    case "delete":
      return deleting(situation);
    case "pause":
      return pausing(situation);
    case "sleep":
      return isWanted(situation) ? running(situation) : sleeping(situation, "asked");
    case "run":
      return running(situation);
  }
}

function running(situation: Situation): Decision {
  const { standing, endpoint } = situation;
  switch (standing.status) {
    case "paused":
    case "draining":
    case "deleting":
      return rebuilding(situation, "resumed");
    case "failed":
      return standing.wake_asked_at === null ? atRest(situation) : rebuilding(situation, "retried");
    case "sleeping":
      return isWanted(situation) ? waking(situation) : scaledToZero(situation);
    case "building":
    case "waking_up":
      return starting(situation);
    case "up":
      return endpoint.previous === null ? serving(situation) : updating(situation);
    case "updating":
      return updating(situation);
  }
}

/** The idle clock is written down once a minute, and with every other change. */
function remembering(standing: EndpointState, { last_active_at }: Demand): EndpointState {
  const moved_ms = last_active_at - standing.last_active_at;
  return moved_ms >= 60_000 ? { ...standing, last_active_at } : standing;
}

/**
 * A replica found no place. What can never fit fails at once while nothing serves; everything else
 * waits, and says what for.
 */
export function afterPlacing(decision: Decision, refused: Refused, { now }: Rules): Decision {
  const { standing, transition } = decision;
  if (!standing) return decision;
  const detail = [refused.detail, refused.nearest].filter(Boolean).join(" ");
  const nothingServes = standing.status === "building" || standing.status === "waking_up";
  if (refused.refused !== "never" || !nothingServes) {
    const unschedulable = refused.refused === "never" || refused.refused === "no_host";
    const isKnown = standing.detail === detail && standing.unschedulable === unschedulable;
    return isKnown ? decision : { ...decision, standing: { ...standing, detail, unschedulable } };
  }
  const from = transition?.from ?? standing.status;
  return {
    ...decision,
    standing: {
      ...standing,
      status: "failed",
      since: now,
      cause: "no_capacity",
      detail,
      log_tail: [],
      wake_asked_at: null,
    },
    transition: { at: now, from, to: "failed", reason: "no_capacity", detail },
  };
}
