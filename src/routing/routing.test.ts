import { expect, test } from "bun:test";
import { Failure } from "../failure.ts";
import { type Claimed, createRouting, type ReadyReplica, type RoutedModel } from "./routing.ts";

const replica = (id: string, slots = 2): ReadyReplica => ({
  id,
  host: "127.0.0.1",
  port: 1,
  model: "demo",
  slots,
});

const model = (ready: ReadyReplica[], reason: string | null = null): RoutedModel => ({
  id: "mdl_1",
  name: "demo",
  created_at: 1,
  ready,
  reason,
  endpoint: null,
});

/** A routing whose claims are of "demo" and must succeed. */
function demoRouting(now: () => number = () => 0) {
  const routing = createRouting({ now: () => 0, steady: now });
  const member = { user_id: "usr_1", role: "member" as const };
  const claimed = (except: ReadonlySet<string> = nobody): Claimed => {
    const found = routing.claim(routing.find("demo", member), except);
    if ("wait" in found) throw new Error("It would have to wait.");
    return found;
  };
  return { ...routing, find: (name: string) => routing.find(name, member), claimed };
}

const nobody: ReadonlySet<string> = new Set();

function refusal(run: () => unknown): Failure {
  try {
    run();
  } catch (error) {
    if (error instanceof Failure) return error;
    throw error;
  }
  throw new Error("It was not refused.");
}

test("requests spread evenly over equal replicas and by size over unequal ones", () => {
  const routing = demoRouting();
  routing.replace([model([replica("a", 1), replica("b", 3)])]);
  for (let count = 0; count < 8; count++) routing.claimed();
  expect([routing.inflight("a"), routing.inflight("b")]).toEqual([2, 6]);
});

test("a place is given back once, however often it is released", () => {
  const routing = demoRouting();
  routing.replace([model([replica("a")])]);
  const first = routing.claimed();
  routing.claimed();
  first.release();
  first.release();
  expect(routing.inflight("a")).toBe(1);
});

test("counts survive a new snapshot, also one without the replica", () => {
  const routing = demoRouting();
  routing.replace([model([replica("a")])]);
  const claim = routing.claimed();
  routing.replace([]);
  routing.replace([model([replica("a"), replica("b")])]);
  expect(routing.inflight("a")).toBe(1);
  expect(routing.claimed().replica.id).toBe("b");
  claim.release();
  expect(routing.inflight("a")).toBe(0);
});

test("an unknown model is 404, whatever JavaScript knows by that name", () => {
  const routing = demoRouting();
  routing.replace([model([replica("a")])]);
  for (const name of ["nope", "__proto__", "constructor", "toString"]) {
    expect(refusal(() => routing.find(name))).toMatchObject({
      status: 404,
      code: "model_not_found",
      param: "model",
    });
  }
});

test("a model without a ready replica is 503 with the reason and a time to come back", () => {
  const routing = demoRouting();
  routing.replace([model([], "The weights are being downloaded.")]);
  expect(refusal(() => routing.claimed())).toMatchObject({
    status: 503,
    code: "model_starting",
    message: "The weights are being downloaded.",
    headers: { "retry-after": "5" },
  });
});

test("when every replica is excluded the answer is overloaded, not starting", () => {
  const routing = demoRouting();
  routing.replace([model([replica("a")])]);
  const failure = refusal(() => routing.claimed(new Set(["a"])));
  expect(failure).toMatchObject({ status: 503, code: "overloaded" });
  expect(routing.inflight("a")).toBe(0);
});

test("a replica that could not be reached is passed over for two seconds", () => {
  let now = 0;
  const routing = demoRouting(() => now);
  routing.replace([model([replica("a", 100), replica("b", 1)])]);
  routing.unreachable("a");
  const ids = () => [1, 2, 3].map(() => routing.claimed().replica.id);
  expect(ids()).toEqual(["b", "b", "b"]);
  now = 2_000;
  expect(ids()).toEqual(["a", "a", "a"]);
});

test("the only replica is taken even right after it could not be reached", () => {
  const routing = demoRouting();
  routing.replace([model([replica("a"), replica("b")])]);
  routing.unreachable("a");
  expect(routing.claimed(new Set(["b"])).replica.id).toBe("a");
});
