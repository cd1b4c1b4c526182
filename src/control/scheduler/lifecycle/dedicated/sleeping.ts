import type { Endpoint } from "../../../models/endpoints/endpoint.ts";
import { leastUseful, type ReplicaView } from "./replica-set.ts";
import { all, type Decision, ids, keep, type Situation } from "./situation.ts";

/** Whether its replicas are started so that they can sleep in place. */
export const sleepsInPlace = ({ spec, artifact }: Pick<Endpoint, "spec" | "artifact">): boolean =>
  artifact.runtime !== "llama-server" && spec.l1_timeout_s !== 0;

/** Which of those that serve is to sleep in place, if any: one is enough for a wake. */
export function replicasToSuspend({ endpoint, replicas }: Situation): string[] {
  if (!sleepsInPlace(endpoint)) return [];
  const staying = replicas.ready.filter(({ leaving }) => !leaving);
  const others = leastUseful(staying, staying.length - 1);
  return ids(staying).filter((id) => !others.includes(id));
}

/** Sleeps on, or one rung deeper when its time at this one is over or its sleeper is gone. */
export function scaledToZero(situation: Situation): Decision {
  const { standing, replicas } = situation;
  const kept = sleepsOn(situation) ? replicas.sleepers.filter(isSound).slice(0, 1) : [];
  const failed = replicas.sleepers.find(({ state }) => state === "crashed" || state === "failed");
  const deeper = {
    depth: kept.length === 0 && standing.depth === "l1" ? "stopped" : standing.depth,
    detail: failed?.observed?.detail || standing.detail,
  } as const;
  const stays = new Set(ids(kept));
  return keep(
    { ...situation, standing: { ...standing, ...deeper } },
    { stop: all(situation).filter((id) => !stays.has(id)), previous: "drop" },
  );
}

function sleepsOn({ endpoint, standing, rules }: Situation): boolean {
  const { l1_timeout_s } = endpoint.spec;
  if (!sleepsInPlace(endpoint)) return false;
  return l1_timeout_s === null || rules.now - standing.since < l1_timeout_s * 1000;
}

/** One that can still be woken. */
export const isSound = ({ state, missing, leaving }: ReplicaView): boolean =>
  !missing && !leaving && !/^(?:crashed|failed|stopping)$/.test(state);
