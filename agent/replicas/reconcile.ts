/** What a host should start, stop and forget: its desired set against what it runs. Pure. */
import type { DesiredReplica } from "../contract/protocol/messages.ts";
import type { Replica } from "./replica.ts";

export type Action =
  | { kind: "start"; spec: DesiredReplica }
  | { kind: "stop"; id: string }
  /** No process of it is left and nobody wants it: drop the record. */
  | { kind: "forget"; id: string };

export interface Situation {
  /** Undefined until the control plane has spoken to this agent: nothing is stopped then. */
  desired: readonly DesiredReplica[] | undefined;
  replicas: ReadonlyMap<string, Replica>;
  /** The highest epoch ever started here, by replica id. */
  epochs: ReadonlyMap<string, number>;
  now_ms: number;
}

/**
 * What to do next. Idempotent, and to be asked again after its actions until there are none: a
 * replica is replaced by stopping it, forgetting it, and starting it in the next round.
 */
export function reconcile({ desired, replicas, epochs, now_ms }: Situation): Action[] {
  const specs = desired ?? [...replicas.values()].map(({ spec }) => spec);
  const wanted = new Map(specs.map((spec) => [spec.id, spec]));
  const fates = [...replicas].map(([id, replica]) => fateOf(replica, wanted.get(id), now_ms));
  const starts = [...wanted.values()]
    .filter((spec) => !replicas.has(spec.id) && !sleeps(spec))
    .filter(({ id, epoch }) => epoch >= (epochs.get(id) ?? 0))
    .map((spec): Action => ({ kind: "start", spec }));
  return [...fates.filter((action) => action !== undefined), ...starts];
}

function fateOf(
  replica: Replica,
  wanted: DesiredReplica | undefined,
  now_ms: number,
): Action | undefined {
  const { id, epoch } = replica.spec;
  const isOver = replica.state === "crashed" || replica.state === "failed";
  if (wanted === undefined || wanted.epoch > epoch) {
    if (isOver) return { kind: "forget", id };
    return replica.state === "stopping" ? undefined : { kind: "stop", id };
  }
  const isDue = replica.state === "crashed" && now_ms >= replica.retry_at_ms && !sleeps(wanted);
  // Of one epoch both say the same, but the spec of an adopted replica has no token any more.
  const spec = wanted.epoch === epoch ? wanted : replica.spec;
  return isDue ? { kind: "start", spec } : undefined;
}

/** Nothing is loaded only to be put to sleep. */
const sleeps = ({ asleep_bytes = 0 }: DesiredReplica): boolean => asleep_bytes > 0;

/** When the loop must look again although nothing happened; undefined when never. */
export function nextDeadline(replicas: ReadonlyMap<string, Replica>): number | undefined {
  const due = [...replicas.values()].filter(({ state }) => state === "crashed");
  return due.length === 0 ? undefined : Math.min(...due.map(({ retry_at_ms }) => retry_at_ms));
}
