/** Who gets a request of a model in the shared pool, and what is counted. */
import { expect, test } from "bun:test";
import { elastic, nobody, owner, refusal, replica } from "./endpoint.testbed.ts";
import { type Claimed, createRouting, type ReadyReplica, type RoutedModel } from "./routing.ts";

const demo = (ready: readonly ReadyReplica[], reason: string | null = null): RoutedModel => ({
  ...elastic("demo", ready),
  reason,
});

/** A routing whose claims are of "demo" and must succeed. */
function demoRouting() {
  const routing = createRouting({ now: () => 0, steady: () => 0 });
  const claimed = (except: ReadonlySet<string> = nobody, affinity?: () => number): Claimed => {
    const found = routing.claim(routing.find("demo", owner), except, affinity);
    if ("wait" in found) throw new Error("It would have to wait.");
    return found;
  };
  return { ...routing, find: (name: string) => routing.find(name, owner), claimed };
}

test("requests spread evenly over equal replicas and by size over unequal ones", () => {
  const routing = demoRouting();
  routing.replace([demo([replica("a", { slots: 1 }), replica("b", { slots: 3 })])]);
  for (let count = 0; count < 8; count++) routing.claimed();
  expect([routing.inflight("a"), routing.inflight("b")]).toEqual([2, 6]);
});

test("a place is given back once, however often it is released", () => {
  const routing = demoRouting();
  routing.replace([demo([replica("a")])]);
  const first = routing.claimed();
  routing.claimed();
  first.release();
  first.release();
  expect(routing.inflight("a")).toBe(1);
});

test("a claim takes as many places as it says, and gives all of them back", () => {
  const routing = demoRouting();
  routing.replace([demo([replica("a", { slots: 8 })])]);
  const list = routing.claimed();
  list.widen(5);
  list.widen(3);
  routing.claimed();
  expect(routing.inflight("a")).toBe(4);
  list.release();
  list.widen(7);
  expect(routing.inflight("a")).toBe(1);
});

test("claims share places: half at most, what others leave, and an equal part in any case", () => {
  const routing = demoRouting();
  routing.replace([demo([replica("a", { slots: 8 })])]);
  const first = routing.claimed();
  expect(first.share()).toBe(4);
  first.widen(4);
  const second = routing.claimed();
  second.widen(4);
  expect([first.share(), second.share()]).toEqual([4, 4]);
  const third = routing.claimed();
  expect([first.share(), third.share()]).toEqual([3, 2]);
  for (let count = 0; count < 20; count++) routing.claimed();
  expect([first.share(), third.share()]).toEqual([1, 1]);
});

test("an overflow replica is not given more than its slots by one claim for many", () => {
  const routing = createRouting({ now: () => 0, steady: () => 0 });
  routing.replace([demo([replica("far", { slots: 4, overflow: true })])]);
  const claim = (places: number) =>
    routing.claim(routing.find("demo", owner), nobody, undefined, places) as Claimed;
  claim(1);
  expect(() => claim(4)).toThrow();
  claim(3).widen(3);
  expect(routing.inflight("far")).toBe(4);
});

test("counts survive a new snapshot, also one without the replica", () => {
  const routing = demoRouting();
  routing.replace([demo([replica("a")])]);
  const claim = routing.claimed();
  routing.replace([]);
  routing.replace([demo([replica("a"), replica("b")])]);
  expect(routing.inflight("a")).toBe(1);
  expect(routing.claimed().replica.id).toBe("b");
  claim.release();
  expect(routing.inflight("a")).toBe(0);
});

test("an unknown model is 404, whatever JavaScript knows by that name", async () => {
  const routing = demoRouting();
  routing.replace([demo([replica("a")])]);
  for (const name of ["nope", "__proto__", "constructor", "toString"]) {
    expect(await refusal(() => routing.find(name))).toMatchObject({
      status: 404,
      code: "model_not_found",
      param: "model",
    });
  }
});

test("a model without a ready replica is 503 with the reason and a time to come back", async () => {
  const routing = demoRouting();
  routing.replace([demo([], "The weights are being downloaded.")]);
  expect(await refusal(() => routing.claimed())).toMatchObject({
    status: 503,
    code: "model_starting",
    message: "The weights are being downloaded.",
    headers: { "retry-after": "5" },
  });
});

test("when every replica is excluded the answer is overloaded, not starting", async () => {
  const routing = demoRouting();
  routing.replace([demo([replica("a")])]);
  const failure = await refusal(() => routing.claimed(new Set(["a"])));
  expect(failure).toMatchObject({ status: 503, code: "overloaded" });
  expect(routing.inflight("a")).toBe(0);
});

test("a replica that two models share has one count for both, and each model its own name for it", () => {
  const routing = createRouting({ now: () => 0, steady: () => 0 });
  const shared = (model: string) => elastic(model, [replica("a", { model }), replica(model)]);
  routing.replace([shared("x"), shared("y")]);
  const claimed = (name: string) => routing.claim(routing.find(name, owner), new Set([name]));
  expect(claimed("x")).toMatchObject({ replica: { id: "a", model: "x" } });
  expect(claimed("y")).toMatchObject({ replica: { id: "a", model: "y" } });
  expect(routing.inflight("a")).toBe(2);
  expect(routing.claim(routing.find("x", owner), nobody)).toHaveProperty("replica.id", "x");
});

test("affinity is asked only where there is a choice, and once", () => {
  const routing = demoRouting();
  let asked = 0;
  const affinity = () => ++asked;
  routing.replace([demo([replica("a")])]);
  for (const _ of [1, 2, 3]) routing.claimed(nobody, affinity);
  routing.replace([demo([replica("a"), replica("b"), replica("c")])]);
  routing.claimed(new Set(["b", "c"]), affinity);
  expect(asked).toBe(0);
  routing.claimed(nobody, affinity);
  expect(asked).toBe(1);
});

test("conversations are shared out evenly, and each returns to where it was answered", () => {
  const routing = demoRouting();
  const ids = ["a", "b", "c", "d"];
  routing.replace([demo(ids.map((id) => replica(id, { slots: 16 })))]);
  const answered = (conversation: number): string => {
    const claim = routing.claimed(nobody, () => conversation * 7_919);
    claim.release();
    return claim.replica.id;
  };
  const conversations = Array.from({ length: 40 }, (_, index) => index);
  const first = conversations.map(answered);
  expect(ids.map((id) => first.filter((other) => other === id).length)).toEqual([10, 10, 10, 10]);
  expect(conversations.toReversed().map(answered)).toEqual(first.toReversed());
});

test("whatever happens to requests and replicas, every count is back at 0 in the end", () => {
  let seed = 7;
  const random = (below: number): number => {
    seed = (Math.imul(seed, 1_664_525) + 1_013_904_223) >>> 0;
    return Math.floor((seed / 2 ** 32) * below);
  };
  let now = 0;
  const routing = createRouting({ now: () => now, steady: () => now });
  const ids = ["a", "b", "c", "d"];
  const open: Claimed[] = [];
  const request = (): void => {
    try {
      const except = new Set(ids.filter(() => random(5) === 0));
      const found = routing.claim(routing.find("demo", owner), except, () => random(9));
      if (!("wait" in found)) open.push(found);
    } catch {
      // Nothing was free for it.
    }
  };
  const overflow = replica("d", { overflow: true });
  routing.replace([demo([overflow])]);
  for (let step = 0; step < 20_000; step++) {
    now += random(400);
    const what = random(10);
    if (what < 4) request();
    else if (what < 7) for (const one of open.splice(random(open.length + 1), 1)) one.release();
    else if (what < 9) routing.outcome(ids[random(4)] ?? "", random(3) > 0, "broken");
    else routing.replace([demo([...ids.slice(0, random(4)).map((id) => replica(id)), overflow])]);
    expect(routing.inflight("d")).toBeLessThanOrEqual(overflow.slots);
  }
  const counted = () => ids.map((id) => routing.inflight(id)).reduce((sum, one) => sum + one);
  expect(counted()).toBe(open.length);
  for (const { release } of open) release();
  expect(counted()).toBe(0);
});
