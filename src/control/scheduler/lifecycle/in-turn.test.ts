import { expect, test } from "bun:test";
import { inTurn } from "./in-turn.ts";
import { observedWith, rowWith } from "./lifecycle.testbed.ts";
import type { ReplicaStatus } from "./world.ts";

/** One replica on each of the hosts a, b, c …, in these states. */
const replicas = (...states: ReplicaStatus["state"][]): ReplicaStatus[] =>
  states.map((state, index) => {
    const id = String.fromCharCode(97 + index);
    return {
      row: rowWith({ id, owner_id: "mdl_1", host_id: id }),
      state,
      observed: observedWith(),
    };
  });

/** Which begin, when all are to start again. */
function begin(
  statuses: readonly ReplicaStatus[],
  { down = "", lost = "", added = 0 } = {},
): string {
  const hosts = statuses.map(({ row: { host_id: id } }) => ({
    id,
    down_for_ms: down.includes(id) || lost.includes(id) ? 1 : 0,
  }));
  const all = statuses.map(({ row: { id } }) => ({ id }));
  const adding = Array.from({ length: added }, () => ({ owner_id: "mdl_1" }));
  return inTurn(all, { statuses, hosts, lost: new Set(lost), added: adding })
    .map(({ id }) => id)
    .join("");
}

test("of several that serve, half go on", () => {
  expect(begin(replicas("ready", "ready"))).toBe("a");
  expect(begin(replicas("ready", "ready", "ready"))).toBe("a");
  expect(begin(replicas("ready", "ready", "ready", "ready"))).toBe("ab");
});

test("the others wait until those are ready, and stay when they never are", () => {
  expect(begin(replicas("starting", "ready"))).toBe("a");
  expect(begin(replicas("failed", "ready"))).toBe("a");
  expect(begin(replicas("starting", "waiting", "ready", "ready"))).toBe("ab");
});

test("one that stops for it, and finds its place again, counts until it is ready", () => {
  const [going, other] = replicas("ready", "ready");
  if (!going || !other) throw new Error("There are two.");
  const gone = { ...going, row: { ...going.row, unwanted_since: 1 } };
  expect(begin([gone, other])).toBe("a");
  expect(begin([other], { added: 1 })).toBe("");
});

test("the only one begins, also when the host of another is lost", () => {
  expect(begin(replicas("ready"))).toBe("a");
  expect(begin(replicas("ready", "ready"), { lost: "b" })).toBe("ab");
});

test("one on a host that is silent serves nobody", () => {
  expect(begin(replicas("ready", "ready"), { down: "a" })).toBe("a");
});

test("models do not wait for each other", () => {
  const other = replicas("ready").map((status) => ({
    ...status,
    row: { ...status.row, id: "z", owner_id: "mdl_2" },
  }));
  expect(begin([...replicas("ready", "ready"), ...other])).toBe("az");
});
