import { expect, test } from "bun:test";
import type { DesiredReplica, ReplicaState } from "../contract/protocol/messages.ts";
import { nextDeadline, reconcile } from "./reconcile.ts";
import { type Replica, starting } from "./replica.ts";

const now = 1_000_000;

function spec(id: string, epoch: number): DesiredReplica {
  return {
    id,
    epoch,
    model: "m",
    runtime: "llama-server",
    source: "builtin:m",
    context_tokens: 512,
    slots: 1,
    args: [],
    devices: [],
    env: {},
    hf_token: "",
  };
}

function held(id: string, epoch: number, state: ReplicaState, retry_at_ms = 0): Replica {
  return { ...starting(spec(id, epoch)), state, retry_at_ms };
}

function decide(
  desired: DesiredReplica[] | undefined,
  replicas: Replica[],
  epochs: [string, number][] = [],
): string[] {
  const actions = reconcile({
    desired,
    replicas: new Map(replicas.map((replica) => [replica.spec.id, replica])),
    epochs: new Map(epochs),
    now_ms: now,
  });
  return actions.map((action) =>
    action.kind === "start"
      ? `start ${action.spec.id}@${action.spec.epoch}`
      : `${action.kind} ${action.id}`,
  );
}

const a1 = spec("a", 1);
const a2 = spec("a", 2);

test.each<[string, DesiredReplica[] | undefined, Replica[], string[]]>([
  ["starts what is missing", [a1, spec("b", 1)], [], ["start a@1", "start b@1"]],
  ["leaves what is as it should be", [a1], [held("a", 1, "ready")], []],
  ["does not start twice", [a1], [held("a", 1, "starting")], []],
  ["stops what is not desired", [], [held("a", 1, "ready")], ["stop a"]],
  ["stops a start that is not desired any more", [], [held("a", 1, "starting")], ["stop a"]],
  ["does not stop twice", [], [held("a", 1, "stopping")], []],
  ["forgets a failed one that is not desired", [], [held("a", 1, "failed")], ["forget a"]],
  ["stops the old epoch first", [a2], [held("a", 1, "ready")], ["stop a"]],
  ["waits for the old epoch's end", [a2], [held("a", 1, "stopping")], []],
  ["clears a failed old epoch", [a2], [held("a", 1, "failed")], ["forget a"]],
  ["keeps the newer epoch against a late Desired", [a1], [held("a", 2, "ready")], []],
  ["restarts a crashed one when it is due", [a1], [held("a", 1, "crashed", now)], ["start a@1"]],
  ["lets a crashed one wait", [a1], [held("a", 1, "crashed", now + 1)], []],
  ["does not retry a failed one", [a1], [held("a", 1, "failed")], []],
  ["stops nothing before the control plane has spoken", undefined, [held("a", 1, "ready")], []],
  [
    "restarts an adopted one before the control plane has spoken",
    undefined,
    [held("a", 1, "crashed", now)],
    ["start a@1"],
  ],
])("%s", (_, desired, replicas, actions) => {
  expect(decide(desired, replicas)).toEqual(actions);
});

test("a token that differs restarts nothing, and the newest is used when a restart is due", () => {
  const wanted = { ...a1, hf_token: "hf_new" };
  expect(decide([wanted], [held("a", 1, "ready")])).toEqual([]);
  const crashed = held("a", 1, "crashed", now);
  const situation = { replicas: new Map([["a", crashed]]), epochs: new Map(), now_ms: now };
  expect(reconcile({ ...situation, desired: [wanted] })).toEqual([{ kind: "start", spec: wanted }]);
  const newer = { ...crashed, spec: a2 };
  expect(reconcile({ ...situation, desired: [wanted], replicas: new Map([["a", newer]]) })).toEqual(
    [{ kind: "start", spec: a2 }],
  );
});

test("never starts an epoch older than one started here before", () => {
  expect(decide([a1], [], [["a", 2]])).toEqual([]);
  expect(decide([a2], [], [["a", 2]])).toEqual(["start a@2"]);
});

test("the next deadline is the first crashed replica's turn", () => {
  const map = (...all: Replica[]) => new Map(all.map((replica) => [replica.spec.id, replica]));
  expect(nextDeadline(map(held("a", 1, "ready")))).toBeUndefined();
  expect(nextDeadline(map(held("a", 1, "crashed", 9), held("b", 1, "crashed", 7)))).toBe(7);
});
