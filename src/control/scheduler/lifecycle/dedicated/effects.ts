/** What a row of the table of transitions does: what the endpoint remembers, and which replicas start and stop. Pure. */
import type { EndpointState } from "../../../models/endpoints/status.ts";
import { badOf, hopelessOf, withUnreadyClock } from "./guards.ts";
import {
  allWanted,
  type Decision,
  idsOf,
  isSound,
  leastUseful,
  type ReplicaView,
  replicasToSuspend,
  type Situation,
  sleepersToWake,
  sleepsInPlace,
} from "./situation.ts";

/** What a transition writes down beside the new status. */
export type Note = (situation: Situation) => Partial<EndpointState>;
/** What becomes of the replicas, in the status that was reached. */
export type Effect = (situation: Situation) => Decision;

export const nothing: Note = () => ({});

export const afresh: Note = ({ endpoint }) => ({
  target: Math.max(1, endpoint.spec.min_replicas),
  cause: "",
  detail: "",
  log_tail: [],
  unready_since: null,
});

export const waking: Note = (situation) => ({
  ...afresh(situation),
  intent: "run",
  wake_asked_at: situation.standing.wake_asked_at ?? situation.rules.now,
});

export const settled: Note = () => ({ wake_asked_at: null, cause: "", detail: "" });

export const updated: Note = (situation) => ({ ...settled(situation), log_tail: [] });

export const asked: Note = () => ({ detail: "", wake_asked_at: null, unready_since: null });

export const asleep: Note = (situation) => ({
  detail: "",
  depth: replicasToSuspend(situation).length > 0 ? "l1" : "stopped",
  last_active_at: Math.max(situation.standing.last_active_at, situation.demand.last_active_at),
  wake_asked_at: null,
  unready_since: null,
});

const no_room = "No host had room for it in time.";

export const asleepAgain: Note = (situation) => ({
  ...asleep(situation),
  detail: situation.standing.detail || no_room,
});

export const noCapacity: Note = ({ standing }) => ({
  cause: "no_capacity",
  detail: standing.detail || no_room,
  log_tail: [],
  wake_asked_at: null,
  unready_since: null,
});

export const startFailed: Note = (situation) => ({
  ...failureOf(hopelessOf(situation)),
  wake_asked_at: null,
  unready_since: null,
});

export const wentDown: Note = (situation) => ({
  ...failureOf(badOf(situation)),
  target: situation.target,
  wake_asked_at: null,
  unready_since: null,
  steady_since: null,
});

export const updateFailed: Note = (situation) => failureOf(hopelessOf(situation));

export const noRoomBeside: Note = ({ standing }) => ({
  cause: "no_capacity",
  detail: `${standing.detail || "There is no room."} The new revision must fit beside the old one until it is healthy. To update without that, pause the endpoint, change it, and resume it.`,
  log_tail: [],
});

const failureOf = (replica: ReplicaView | undefined) =>
  ({
    cause: replica?.observed?.cause || "runtime_crash",
    detail: replica?.observed?.detail || "The runtime ended without a word. Its log may say why.",
    log_tail: replica?.observed?.log_tail ?? [],
  }) as const;

/** Nothing runs, and no older revision is worth keeping. */
export const stopAll: Effect = (situation) => keep(situation, { stop: allWanted(situation) });

/** Its replicas stop at once for new requests, but for one that may sleep in place; their hosts let open ones end. */
export const suspend: Effect = (situation) => {
  const sleep = replicasToSuspend(situation);
  return keep(situation, {
    sleep,
    stop: allWanted(situation).filter((id) => !sleep.includes(id)),
  });
};

/** Sleeps on, or one rung deeper when its time at this one is over or its sleeper is gone. */
export const sleepOn: Effect = (situation) => {
  const { standing, replicas } = situation;
  const kept = mayStayInPlace(situation) ? replicas.sleepers.filter(isSound).slice(0, 1) : [];
  const failed = replicas.sleepers.find(({ state }) => state === "crashed" || state === "failed");
  const deeper = {
    depth: kept.length === 0 && standing.depth === "l1" ? "stopped" : standing.depth,
    detail: failed?.observed?.detail || standing.detail,
  } as const;
  const stays = new Set(idsOf(kept));
  return keep(
    { ...situation, standing: { ...standing, ...deeper } },
    { stop: allWanted(situation).filter((id) => !stays.has(id)) },
  );
};

function mayStayInPlace({ endpoint, standing, rules }: Situation): boolean {
  const { l1_timeout_s } = endpoint.spec;
  if (!sleepsInPlace(endpoint)) return false;
  return l1_timeout_s === null || rules.now - standing.since < l1_timeout_s * 1000;
}

/** `building` and `waking_up` go the same way, from more or less far. */
export const startUp: Effect = (situation) => {
  const { replicas, standing } = situation;
  const wake_up = sleepersToWake(situation);
  return keep(situation, {
    start: Math.max(0, standing.target - replicas.current.length - wake_up.length),
    wake_up,
    stop: [
      ...idsOf(replicas.old, replicas.lost),
      ...idsOf(replicas.sleepers).filter((id) => !wake_up.includes(id)),
    ],
  });
};

/** Keeps as many replicas as the load wants, and replaces what is lost. */
export const followLoad: Effect = (before) => {
  const { replicas, target } = before;
  const situation = { ...before, standing: { ...withUnreadyClock(before), target } };
  const gone = [
    ...replaceable(situation),
    ...idsOf(replicas.old, replicas.lost, replicas.sleepers),
  ];
  const staying = replicas.current.filter(({ id, leaving }) => !leaving && !gone.includes(id));
  // One on a host that is to be emptied goes when there is another in its place.
  const ready = staying.filter(({ state }) => state === "ready").length;
  const leavers = ready >= target ? idsOf(replicas.leaving) : [];
  return keep(situation, {
    start: Math.max(0, target - staying.length),
    stop: [...gone, ...leavers, ...leastUseful(staying, staying.length - target)],
  });
};

/** A given-up replica beside ready ones is replaced, but no more than one a minute. */
function replaceable({ replicas, rules }: Situation): string[] {
  const { broken } = replicas;
  if (!broken || replicas.ready.length === 0) return [];
  const youngest = Math.max(...replicas.current.map(({ created_at }) => created_at));
  return rules.now - youngest >= 60_000 ? [broken.id] : [];
}

/** The old revision serves until as many new replicas are ready. */
export const rollOver: Effect = (situation) => {
  const { replicas, standing } = situation;
  const surplus = replicas.old.length + replicas.ready.length - standing.target;
  return keep(situation, {
    start: Math.max(0, standing.target - replicas.current.length),
    stop: [...idsOf(replicas.lost), ...leastUseful(replicas.old, surplus)],
    previous: "keep",
  });
};

/** The update failed: what served before goes on, and the endpoint says why. */
export const restore: Effect = (situation) => ({
  ...keep(situation, { stop: idsOf(situation.replicas.current, situation.replicas.lost) }),
  previous: "restore",
});

/** Stays as it is, but for the given starts and stops. */
function keep(
  { endpoint, standing, transition, wake }: Situation,
  orders: Partial<Pick<Decision, "start" | "stop" | "sleep" | "wake_up" | "previous">>,
): Decision {
  const { start = 0, stop = [], sleep = [], wake_up = [], previous = "drop" } = orders;
  return {
    endpoint_id: endpoint.id,
    standing,
    transition,
    wake,
    previous: endpoint.previous === null ? "keep" : previous,
    start,
    stop,
    sleep,
    wake_up,
  };
}
