/** The life of a Dedicated endpoint as one table: from which status it goes when to which. Pure. */
import type { Status } from "../../../../shared/endpoint-status.ts";
import type { Endpoint } from "../../../models/endpoints/endpoint.ts";
import type { Depth, EndpointState, Intent } from "../../../models/endpoints/status.ts";
import type { Refused } from "../../placement/fleet.ts";
import * as effect from "./effects.ts";
import * as guard from "./guards.ts";
import {
  type Decision,
  type Demand,
  isSound,
  type ReplicaView,
  type Rules,
  replicaSetOf,
  type Situation,
} from "./situation.ts";

type Row = readonly [
  from: Status | "any",
  when: guard.Guard,
  /** `stay`: no transition. `gone`: its row is removed. */
  to: Status | "stay" | "gone",
  /** For programs, in the event; `cause`: the cause that is noted. */
  reason: string,
  /** What is remembered with the transition. */
  note: effect.Note,
  /** What replicas do; `next`: what the table says of the new status, in the same pass. */
  then: effect.Effect | "next",
];

const { always, isAsked, isChanged, isDown, isEmpty, isGivenUp, isHopeless, isIdle } = guard;
const { isOutOfPatience, isReady, isRequested, isWanted, hasNoRoomBeside, hasTakenOver } = guard;
const { afresh, asked, asleep, asleepAgain, noCapacity, noRoomBeside, nothing, settled } = effect;
const { startFailed, updated, updateFailed, waking, wentDown } = effect;
const { followLoad, restore, rollOver, sleepOn, startUp, stopAll, suspend } = effect;

/** By what its owner said last. The first row that holds counts. */
// biome-ignore format: a table is read by its columns
export const transitions: Readonly<Record<Intent, readonly Row[]>> = {
  delete: [
    // from        when              to           reason           note          then
    ["deleting",   isEmpty,          "gone",      "",              nothing,      stopAll],
    ["deleting",   always,           "stay",      "",              nothing,      stopAll],
    ["any",        always,           "deleting",  "asked",         nothing,      stopAll],
  ],
  pause: [
    ["paused",     always,           "stay",      "",              nothing,      stopAll],
    ["any",        isEmpty,          "paused",    "asked",         asked,        stopAll],
    ["draining",   always,           "stay",      "",              nothing,      stopAll],
    ["any",        always,           "draining",  "asked",         asked,        stopAll],
  ],
  sleep: [
    ["sleeping",   always,           "stay",      "",              nothing,      sleepOn],
    ["any",        always,           "sleeping",  "asked",         asleep,       suspend],
  ],
  run: [
    ["paused",     always,           "building",  "resumed",       afresh,       "next"],
    ["draining",   always,           "building",  "resumed",       afresh,       "next"],
    ["deleting",   always,           "building",  "resumed",       afresh,       "next"],
    ["failed",     isAsked,          "building",  "retried",       afresh,       "next"],
    ["failed",     always,           "stay",      "",              nothing,      stopAll],
    ["sleeping",   isRequested,      "waking_up", "request",       waking,       "next"],
    ["sleeping",   isWanted,         "waking_up", "asked",         waking,       "next"],
    ["sleeping",   always,           "stay",      "",              nothing,      sleepOn],
    ["building",   isHopeless,       "failed",    "cause",         startFailed,  stopAll],
    ["building",   isReady,          "up",        "ready",         settled,      "next"],
    ["building",   isOutOfPatience,  "failed",    "no_capacity",   noCapacity,   stopAll],
    ["building",   always,           "stay",      "",              nothing,      startUp],
    ["waking_up",  isHopeless,       "failed",    "cause",         startFailed,  stopAll],
    ["waking_up",  isReady,          "up",        "ready",         settled,      "next"],
    ["waking_up",  isGivenUp,        "sleeping",  "no_room",       asleepAgain,  suspend],
    ["waking_up",  isOutOfPatience,  "failed",    "no_capacity",   noCapacity,   stopAll],
    ["waking_up",  always,           "stay",      "",              nothing,      startUp],
    ["up",         isChanged,        "updating",  "changed",       nothing,      "next"],
    ["up",         isIdle,           "sleeping",  "idle",          asleep,       suspend],
    ["up",         isDown,           "failed",    "cause",         wentDown,     stopAll],
    ["up",         always,           "stay",      "",              nothing,      followLoad],
    ["updating",   isHopeless,       "up",        "update_failed", updateFailed, restore],
    ["updating",   hasNoRoomBeside,  "up",        "update_failed", noRoomBeside, restore],
    ["updating",   hasTakenOver,     "up",        "updated",       updated,      "next"],
    ["updating",   always,           "stay",      "",              nothing,      rollOver],
  ],
};

export function decide(
  endpoint: Endpoint,
  members: readonly ReplicaView[],
  demand: Demand,
  target: number,
  rules: Rules,
): Decision {
  const situation: Situation = {
    endpoint,
    standing: remembering(endpoint.standing, demand),
    replicas: replicaSetOf(members, endpoint.revision),
    members,
    demand,
    target,
    rules,
    transition: null,
    wake: null,
  };
  const { intent } = situation.standing;
  return step(situation, intent === "sleep" && isWanted(situation) ? "run" : intent);
}

function step(before: Situation, intent: Intent): Decision {
  const depth = intent === "run" ? depthNow(before) : before.standing.depth;
  const situation = { ...before, standing: { ...before.standing, depth } };
  const { status } = situation.standing;
  const row = transitions[intent].find(
    ([from, when]) => (from === status || from === "any") && when(situation),
  );
  if (!row) throw new Error(`The table has no row for an endpoint that is ${status}.`);
  const [, , to, reason, note, then] = row;
  if (to === "gone") return { ...stopAll(situation), standing: null };
  const after = to === "stay" ? situation : entering(situation, to, reason, note(situation));
  return then === "next" ? step(after, intent) : then(after);
}

/** The same situation in another status. Two steps in one pass are reported as one, from the first. */
function entering(
  situation: Situation,
  to: Status,
  reason: string,
  noted: Partial<EndpointState>,
): Situation {
  const { standing, rules, transition } = situation;
  const { status, depth, wake_asked_at } = standing;
  const isAwake = status === "waking_up" && to === "up" && wake_asked_at !== null;
  return {
    ...situation,
    standing: { ...standing, ...noted, status: to, since: rules.now },
    transition: {
      at: rules.now,
      from: transition?.from ?? status,
      to,
      reason: reason === "cause" ? (noted.cause ?? "") : reason,
      detail: noted.detail ?? "",
    },
    wake: isAwake ? { depth, duration_ms: rules.now - wake_asked_at } : situation.wake,
  };
}

/** From where the wake under way really comes: a sleeper that is gone or has crashed starts from the disk. */
function depthNow({ replicas, standing }: Situation): Depth {
  const { status, depth, since } = standing;
  if ((status !== "building" && status !== "waking_up") || depth !== "l1") return depth;
  const isSleeper = (member: ReplicaView): boolean =>
    isSound(member) && (member.asleep || member.created_at < since);
  return [...replicas.sleepers, ...replicas.current].some(isSleeper) ? "l1" : "stopped";
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
