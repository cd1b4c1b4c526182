/** How replicas that fail lose and regain the trust of routing, by a clock that the test turns. */
import { expect, test } from "bun:test";
import { elastic, nobody, owner, replica } from "./endpoint.testbed.ts";
import { type Claimed, createRouting, type ReadyReplica } from "./routing.ts";

function bed(...ready: ReadyReplica[]) {
  const clock = { steady: 0 };
  const routing = createRouting({ now: () => 0, steady: () => clock.steady });
  routing.replace([elastic("demo", ready)]);
  const claimed = (): Claimed => {
    const found = routing.claim(routing.find("demo", owner), nobody);
    if ("wait" in found) throw new Error("It would have to wait.");
    return found;
  };
  /** Who gets the next request, which is over at once. */
  const next = (): string => {
    const { replica: taken, release } = claimed();
    release();
    return taken.id;
  };
  return { routing, clock, claimed, next };
}

const large = replica("a", { slots: 100 });
const small = replica("b", { slots: 1 });

test("a replica that fails gets nothing, then one trial, and after twice the time the next one", () => {
  const { routing, clock, claimed, next } = bed(large, small);
  const busy = claimed();
  expect(busy.replica.id).toBe("a");
  routing.outcome("a", false);
  expect([next(), next()]).toEqual(["b", "b"]);
  const other = claimed();
  clock.steady = 999;
  expect(next()).toBe("b");
  clock.steady = 1_000;
  const trial = claimed();
  expect([trial.replica.id, next()]).toEqual(["a", "b"]);
  routing.outcome("a", false);
  trial.release();
  clock.steady = 2_999;
  expect(next()).toBe("b");
  clock.steady = 3_000;
  const second = claimed();
  expect([second.replica.id, next()]).toEqual(["a", "b"]);
  routing.outcome("a", true);
  expect([next(), next()]).toEqual(["a", "a"]);
  for (const { release } of [busy, other, second]) release();
  expect([routing.inflight("a"), routing.inflight("b")]).toEqual([0, 0]);
});

test("a trial whose client leaves says nothing, so the next request is the trial", () => {
  const { routing, clock, claimed, next } = bed(large, small);
  routing.outcome("a", false);
  const busy = claimed();
  clock.steady = 1_000;
  const trial = claimed();
  expect([trial.replica.id, next()]).toEqual(["a", "b"]);
  trial.release();
  trial.release();
  const again = claimed();
  expect([again.replica.id, next()]).toEqual(["a", "b"]);
  busy.release();
});

test("the end of an old trial does not undo a new one", () => {
  const { routing, clock, claimed, next } = bed(large, small);
  routing.outcome("a", false);
  const busy = claimed();
  clock.steady = 1_000;
  const old = claimed();
  routing.outcome("a", false);
  clock.steady = 3_000;
  expect(claimed().replica.id).toBe("a");
  old.release();
  expect([next(), busy.replica.id]).toEqual(["b", "b"]);
});

test("two broken answers are borne, the third in a row is not", () => {
  const { routing, claimed, next } = bed(large, small);
  claimed();
  claimed();
  const broken = (times: number) => {
    for (let time = 0; time < times; time++) routing.outcome("a", false, "broken");
    return next();
  };
  expect(broken(2)).toBe("a");
  routing.outcome("a", true);
  expect(broken(2)).toBe("a");
  expect(broken(1)).toBe("b");
});

test("the only replica is tried although it fails, and is trusted with its first good answer", () => {
  const { routing, claimed, next } = bed(replica("a"));
  for (let failure = 0; failure < 20; failure++) {
    const { release } = claimed();
    routing.outcome("a", false);
    release();
  }
  expect(next()).toBe("a");
  routing.outcome("a", true);
  routing.replace([elastic("demo", [replica("a"), replica("b")])]);
  expect(new Set([next(), next()])).toEqual(new Set(["a", "b"]));
});

test("of replicas that all fail, each is tried in its turn", () => {
  const { routing, clock, next } = bed(replica("a"), replica("b"), replica("c"));
  for (const id of ["b", "c", "a"]) {
    clock.steady++;
    routing.outcome(id, false);
  }
  const tries = Array.from({ length: 6 }, () => {
    clock.steady++;
    const id = next();
    routing.outcome(id, false);
    return id;
  });
  expect(tries).toEqual(["b", "c", "a", "b", "c", "a"]);
});

test("what failed is remembered over snapshots, and of a replica that is gone nothing is", () => {
  const { routing, claimed, next } = bed(large, small);
  routing.outcome("a", false);
  routing.outcome("never seen", false);
  routing.replace([elastic("demo", [large, small])]);
  const busy = claimed();
  expect([busy.replica.id, next()]).toEqual(["b", "b"]);
  routing.replace([elastic("demo", [small])]);
  routing.replace([elastic("demo", [large, small])]);
  expect(next()).toBe("a");
});

test("own replicas that fail are relieved by the overflow, and take over again when they are well", () => {
  const { routing, clock, claimed, next } = bed(replica("more", { overflow: true }), small);
  expect(next()).toBe("b");
  const busy = claimed();
  expect(next()).toBe("more");
  busy.release();
  expect(next()).toBe("b");
  routing.outcome("b", false);
  expect(next()).toBe("more");
  clock.steady = 1_000;
  expect(next()).toBe("b");
  routing.outcome("b", true);
  expect(next()).toBe("b");
  routing.replace([elastic("demo", [replica("more", { overflow: true })])]);
  expect(next()).toBe("more");
});
