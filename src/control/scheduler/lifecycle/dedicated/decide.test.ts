import { describe, expect, test } from "bun:test";
import type { Status } from "../../../../shared/endpoint-status.ts";
import type { EndpointState } from "../../../models/endpoints/status.ts";
import { endpointWith, memberWith, observedWith } from "../lifecycle.testbed.ts";
import { afterPlacing, decide, transitions } from "./decide.ts";
import { always } from "./guards.ts";
import type { Demand, ReplicaView, Rules } from "./situation.ts";

const quiet: Demand = { inflight: 0, waiting: 0, last_active_at: 0 };
const rules = (now: number): Rules => ({
  now,
  placing_timeout_ms: 1_800_000,
  unready_timeout_ms: 300_000,
});
const previous = (revision: number) => {
  const { spec, artifact } = endpointWith();
  return { spec, artifact, revision };
};

describe("the table", () => {
  const statuses: readonly Status[] = [
    "building",
    "up",
    "sleeping",
    "waking_up",
    "updating",
    "draining",
    "paused",
    "failed",
    "deleting",
  ];
  const rowsOf = (status: Status) =>
    Object.values(transitions).map((rows) =>
      rows.filter(([from]) => from === status || from === "any"),
    );

  test("says what comes next in every status, whatever the owner has said", () => {
    for (const status of statuses) {
      for (const rows of rowsOf(status))
        expect(rows.some(([, when]) => when === always)).toBe(true);
    }
  });

  test("has no row behind one that always holds, except for other statuses", () => {
    const reachable = new Set(
      statuses.flatMap(rowsOf).flatMap((rows) => {
        const end = rows.findIndex(([, when]) => when === always);
        return rows.slice(0, end + 1);
      }),
    );
    expect(
      Object.values(transitions)
        .flat()
        .filter((row) => !reachable.has(row)),
    ).toEqual([]);
  });

  test("leads to no status in the same pass that would lead back", () => {
    const next = Object.values(transitions).flatMap((rows) =>
      rows.filter(([, , , , , then]) => then === "next").map(([from, , to]) => `${from} ${to}`),
    );
    const chain = ["paused", "draining", "deleting", "failed", "sleeping", "building", "waking_up"];
    // From `updating` to `up` and back needs two passes: see `isChanged`.
    for (const step of next.filter((each) => each !== "up updating")) {
      const [from = "", to = ""] = step.split(" ");
      const order = [...chain, "updating", "up"];
      expect(order.indexOf(to)).toBeGreaterThan(order.indexOf(from));
    }
  });
});

describe("building", () => {
  test("asks for its replicas, and for no more once they are there", () => {
    const endpoint = endpointWith({ target: 2 });
    expect(decide(endpoint, [], quiet, 2, rules(1)).start).toBe(2);
    const one = [memberWith("waiting")];
    expect(decide(endpoint, one, quiet, 2, rules(1)).start).toBe(1);
  });

  test("is up with the first ready replica, and says so once", () => {
    const endpoint = endpointWith();
    const decision = decide(endpoint, [memberWith("ready")], quiet, 1, rules(9));
    expect(decision.standing).toMatchObject({ status: "up", since: 9 });
    expect(decision.transition).toEqual({
      at: 9,
      from: "building",
      to: "up",
      reason: "ready",
      detail: "",
    });
    expect(decision.wake).toBeNull();
  });

  test("fails with the words of a runtime that gave up, and frees its place", () => {
    const member = memberWith("failed", {
      observed: observedWith({
        state: "failed",
        cause: "gated_model",
        detail: "Gated.",
        log_tail: ["x"],
      }),
    });
    const decision = decide(endpointWith(), [member], quiet, 1, rules(1));
    expect(decision.standing).toMatchObject({
      status: "failed",
      cause: "gated_model",
      detail: "Gated.",
      log_tail: ["x"],
    });
    expect(decision.stop).toEqual(["rep_1"]);
  });

  test("a crash is tried again twice, and the third one is the end", () => {
    const crashed = (restarts: number) =>
      memberWith("crashed", {
        observed: observedWith({
          state: "crashed",
          cause: "out_of_memory",
          restarts,
          ready_after_ms: 0,
        }),
      });
    const after = (restarts: number) =>
      decide(endpointWith(), [crashed(restarts)], quiet, 1, rules(1)).standing?.status;
    expect([after(0), after(1), after(2)]).toEqual(["building", "building", "failed"]);
  });

  test("without a place for half an hour it fails for want of capacity, with what it waited for", () => {
    const endpoint = endpointWith({ detail: "Host a is full." });
    expect(decide(endpoint, [], quiet, 1, rules(1_800_000)).standing?.status).toBe("building");
    expect(decide(endpoint, [], quiet, 1, rules(1_800_001)).standing).toMatchObject({
      status: "failed",
      cause: "no_capacity",
      detail: "Host a is full.",
    });
  });

  test("what can never fit fails at once; what is only busy waits and says why", () => {
    const decision = decide(endpointWith(), [], quiet, 1, rules(5));
    const refused = (kind: "never" | "busy") =>
      afterPlacing(
        decision,
        { refused: kind, detail: "No.", nearest: "Less.", awaiting: null },
        rules(5),
      ).standing;
    expect(refused("never")).toMatchObject({
      status: "failed",
      cause: "no_capacity",
      detail: "No. Less.",
    });
    expect(refused("busy")).toMatchObject({ status: "building", detail: "No. Less." });
  });
});

describe("sleep", () => {
  const up = (changes: Partial<EndpointState> = {}) =>
    endpointWith({ status: "up", since: 1000, ...changes });
  const at = (now: number, demand: Partial<Demand> = {}, standing: Partial<EndpointState> = {}) =>
    decide(up(standing), [memberWith("ready")], { ...quiet, ...demand }, 1, rules(now)).standing
      ?.status;

  test("the idle clock starts when it is up, not when it was asked for", () => {
    expect(at(600_999)).toBe("up");
    expect(at(601_000)).toBe("sleeping");
  });

  test("the idle clock starts at the last byte of the last response", () => {
    expect(at(900_000, { last_active_at: 400_000 })).toBe("up");
    expect(at(1_000_000, { last_active_at: 400_000 })).toBe("sleeping");
    expect(at(900_000, {}, { last_active_at: 400_000 })).toBe("up");
  });

  test("a request that runs or waits keeps it awake, however long", () => {
    expect(at(9e9, { inflight: 1 })).toBe("up");
    expect(at(9e9, { waiting: 1 })).toBe("up");
  });

  test("an endpoint that must have a replica never sleeps, nor one without an idle time", () => {
    const never = endpointWith({ status: "up" }, { idle_timeout_s: null });
    const always = endpointWith({ status: "up" }, { min_replicas: 1 });
    for (const endpoint of [never, always]) {
      const decision = decide(endpoint, [memberWith("ready")], quiet, 1, rules(9e9));
      expect(decision.standing?.status).toBe("up");
    }
  });

  test("its replicas stop, and it stays asleep until somebody wants it", () => {
    const asleep = decide(up(), [memberWith("ready")], quiet, 1, rules(9e9));
    expect(asleep.stop).toEqual(["rep_1"]);
    const endpoint = endpointWith({ status: "sleeping" });
    expect(decide(endpoint, [], quiet, 1, rules(9e9)).start).toBe(0);
  });

  test("a waiting request wakes it, and the wake is measured from then", () => {
    const endpoint = endpointWith({ status: "sleeping" });
    const waking = decide(endpoint, [], { ...quiet, waiting: 1 }, 1, rules(5000));
    expect(waking.standing).toMatchObject({ status: "waking_up", wake_asked_at: 5000 });
    expect(waking).toMatchObject({ start: 1, transition: { reason: "request" } });
    const { standing } = waking;
    const awake = decide(
      endpointWith(standing ?? {}),
      [memberWith("ready")],
      quiet,
      1,
      rules(5800),
    );
    expect(awake.wake).toEqual({ depth: "stopped", duration_ms: 800 });
    expect(awake.standing?.wake_asked_at).toBeNull();
  });

  test("a wake without room goes back to sleep when nobody waits any more", () => {
    const endpoint = endpointWith({ status: "waking_up", wake_asked_at: 0, detail: "Full." });
    const waiting = decide(endpoint, [], { ...quiet, waiting: 1 }, 1, rules(61_000));
    expect(waiting.standing?.status).toBe("waking_up");
    const left = decide(endpoint, [], quiet, 1, rules(61_000));
    expect(left.standing).toMatchObject({ status: "sleeping", detail: "Full." });
  });

  test("somebody who asks for sleep gets it, and the next request ends it", () => {
    const asked = decide(up({ intent: "sleep" }), [memberWith("ready")], quiet, 1, rules(2000));
    expect(asked).toMatchObject({ stop: ["rep_1"], standing: { status: "sleeping" } });
    const endpoint = endpointWith({ status: "sleeping", intent: "sleep" });
    const woken = decide(endpoint, [], { ...quiet, waiting: 1 }, 1, rules(3000));
    expect(woken.standing).toMatchObject({ status: "waking_up", intent: "run" });
  });
});

describe("up", () => {
  const endpoint = endpointWith({ status: "up" }, { min_replicas: 1 });

  test("a replica on a lost host is replaced elsewhere", () => {
    const decision = decide(endpoint, [memberWith("ready", { lost: true })], quiet, 1, rules(1));
    expect(decision).toMatchObject({ start: 1, stop: ["rep_1"], standing: { status: "up" } });
  });

  test("a replica on a host that is emptied goes only when another is ready", () => {
    const leaving = memberWith("ready", { leaving: true });
    expect(decide(endpoint, [leaving], quiet, 1, rules(1))).toMatchObject({ start: 1, stop: [] });
    const starting = [leaving, memberWith("starting", { id: "rep_2" })];
    expect(decide(endpoint, starting, quiet, 1, rules(1))).toMatchObject({ start: 0, stop: [] });
    const both = [leaving, memberWith("ready", { id: "rep_2" })];
    expect(decide(endpoint, both, quiet, 1, rules(1))).toMatchObject({ start: 0, stop: ["rep_1"] });
  });

  test("what is too many goes, the idle first", () => {
    const members = [memberWith("ready", { inflight: 3 }), memberWith("ready", { id: "rep_2" })];
    expect(decide(endpoint, members, quiet, 1, rules(1)).stop).toEqual(["rep_2"]);
  });

  test("crashes are the agent's to mend for five minutes", () => {
    const crashed = [memberWith("crashed")];
    const first = decide(endpoint, crashed, quiet, 1, rules(1000));
    expect(first.standing).toMatchObject({ status: "up", unready_since: 1000 });
    const later = endpointWith(first.standing ?? {}, { min_replicas: 1 });
    expect(decide(later, crashed, quiet, 1, rules(301_000)).standing?.status).toBe("up");
    expect(decide(later, crashed, quiet, 1, rules(301_001)).standing?.status).toBe("failed");
  });

  /** Its status after each of these seconds, with one replica in the state of that second. */
  function over(seconds: number, stateAt: (second: number) => ReplicaView["state"]): string[] {
    let now = endpoint;
    return Array.from({ length: seconds }, (_, second) => {
      const { standing } = decide(
        now,
        [memberWith(stateAt(second))],
        quiet,
        1,
        rules(second * 1000),
      );
      now = endpointWith(standing ?? {}, { min_replicas: 1 });
      return now.standing.status;
    });
  }

  test.each<[string, (second: number) => ReplicaView["state"]]>([
    ["starts", (second) => (second % 60 < 50 ? "crashed" : "starting")],
    ["is ready for a moment", (second) => (second % 60 < 50 ? "crashed" : "ready")],
  ])("a crash loop is a failure after five minutes, however often it %s", (_, stateAt) => {
    expect(over(400, stateAt).indexOf("failed")).toBe(301);
  });

  test("a crash that was mended for a minute does not count against the next one", () => {
    const crashes = (second: number) => (second % 100 < 30 ? "crashed" : "ready");
    expect(over(1000, crashes)).not.toContain("failed");
  });

  test("while one replica serves, another may crash for ever", () => {
    const members = [memberWith("crashed"), memberWith("ready", { id: "rep_2" })];
    const decision = decide(endpoint, members, quiet, 2, rules(9e9));
    expect(decision.standing).toMatchObject({ status: "up", unready_since: null });
  });

  test("one that was given up fails nothing while another serves: it is replaced, no more than once a minute", () => {
    const members = [
      memberWith("failed", { created_at: 1000 }),
      memberWith("ready", { id: "rep_2" }),
    ];
    const up = { ...rules(0), unready_timeout_ms: 10_000 };
    let now = endpointWith({ status: "up", target: 2 }, { min_replicas: 2 });
    for (const second of [1, 30, 60, 61, 3600]) {
      const decided = decide(now, members, quiet, 2, { ...up, now: second * 1000 });
      const isDue = second > 60;
      expect([second, decided.standing?.status, decided.start, decided.stop]).toEqual(
        isDue ? [second, "up", 1, ["rep_1"]] : [second, "up", 0, []],
      );
      now = endpointWith(decided.standing ?? {}, { min_replicas: 2 });
    }
    // The one that served is lost, too: nothing is left to wait for.
    const alone = decide(now, [memberWith("failed")], quiet, 2, { ...up, now: 3_601_000 });
    expect(alone.standing).toMatchObject({ status: "failed", cause: "runtime_crash" });
  });

  test("silence is no crash: after a restart of ours nobody has spoken yet", () => {
    const decision = decide(endpoint, [memberWith("waiting")], quiet, 1, rules(9e9));
    expect(decision).toMatchObject({ start: 0, stop: [], standing: { status: "up" } });
  });
});

describe("an update", () => {
  const revised = { revision: 2, previous: previous(1) };
  const changed = endpointWith({ status: "up" }, { min_replicas: 1 }, revised);
  const updating = endpointWith({ status: "updating" }, { min_replicas: 1 }, revised);
  const old = memberWith("ready");
  const fresh = (state: "starting" | "ready" | "failed") =>
    memberWith(state, { id: "rep_2", revision: 2 });

  test("starts the new beside the old", () => {
    const decision = decide(changed, [old], quiet, 1, rules(1));
    expect(decision).toMatchObject({ start: 1, stop: [], standing: { status: "updating" } });
  });

  test("lets the old serve until the new is ready, then stops it", () => {
    expect(decide(updating, [old, fresh("starting")], quiet, 1, rules(1)).stop).toEqual([]);
    const done = decide(updating, [old, fresh("ready")], quiet, 1, rules(1));
    expect(done).toMatchObject({ stop: ["rep_1"], standing: { status: "up" }, previous: "drop" });
  });

  test("that fails leaves the old in force, and says why", () => {
    const decision = decide(updating, [old, fresh("failed")], quiet, 1, rules(1));
    expect(decision).toMatchObject({ stop: ["rep_2"], previous: "restore" });
    expect(decision.standing).toMatchObject({ status: "up", cause: "runtime_crash" });
    expect(decision.transition?.reason).toBe("update_failed");
  });

  test("whose revision crashes again and again is given up at the third crash, and not before", () => {
    const crashed = (restarts: number) =>
      memberWith("crashed", {
        id: "rep_2",
        revision: 2,
        observed: observedWith({
          id: "rep_2",
          state: "crashed",
          cause: "out_of_memory",
          detail: "No room.",
          restarts,
          ready_after_ms: 0,
        }),
      });
    const after = (restarts: number) =>
      decide(updating, [old, crashed(restarts)], quiet, 1, rules(1));
    expect(after(1)).toMatchObject({ stop: [], standing: { status: "updating" } });
    expect(after(2)).toMatchObject({
      stop: ["rep_2"],
      previous: "restore",
      standing: { status: "up", cause: "out_of_memory", detail: "No room." },
    });
  });

  test("without room beside the old one gives up after two minutes and says what to do", () => {
    const decision = decide(updating, [old], quiet, 1, rules(120_001));
    expect(decision).toMatchObject({ previous: "restore", stop: [] });
    expect(decision.standing?.detail).toContain("pause the endpoint");
  });
});

describe("pause and delete", () => {
  test("paused only when nothing of it is left, and no request wakes it", () => {
    const asked = endpointWith({ status: "up", intent: "pause" });
    const draining = decide(asked, [memberWith("ready")], quiet, 1, rules(1));
    expect(draining).toMatchObject({ stop: ["rep_1"], standing: { status: "draining" } });
    const paused = endpointWith({ status: "draining", intent: "pause" });
    const { standing } = decide(paused, [], { ...quiet, waiting: 5 }, 1, rules(2));
    expect(standing?.status).toBe("paused");
  });

  test("resumed, it is built again", () => {
    const decision = decide(endpointWith({ status: "paused" }), [], quiet, 1, rules(2));
    expect(decision).toMatchObject({ start: 1, standing: { status: "building" } });
  });

  test("a failed one is left alone until somebody asks", () => {
    const failed = endpointWith({ status: "failed" });
    expect(decide(failed, [], { ...quiet, waiting: 3 }, 1, rules(2)).start).toBe(0);
    const asked = endpointWith({ status: "failed", wake_asked_at: 1 });
    expect(decide(asked, [], quiet, 1, rules(2)).standing?.status).toBe("building");
  });

  test("deleted, its row stays until the last replica is proved gone", () => {
    const asked = endpointWith({ status: "up", intent: "delete" });
    expect(decide(asked, [], quiet, 1, rules(1)).standing?.status).toBe("deleting");
    const deleting = endpointWith({ status: "deleting", intent: "delete" });
    const stopping = memberWith("stopping", { wanted: false });
    expect(decide(deleting, [stopping], quiet, 1, rules(2)).standing?.status).toBe("deleting");
    expect(decide(deleting, [], quiet, 1, rules(3)).standing).toBeNull();
  });
});

describe("what is told of a transition", () => {
  test("one that is over is reported once: what stays as it is has no event", () => {
    const member = [memberWith("ready")];
    for (const [status, intent, members] of [
      ["draining", "pause", member],
      ["paused", "pause", []],
      ["deleting", "delete", member],
      ["sleeping", "sleep", []],
      ["failed", "run", []],
      ["building", "run", []],
    ] as const) {
      const decision = decide(endpointWith({ status, intent }), members, quiet, 1, rules(9));
      expect(decision.transition).toBeNull();
      expect(decision.standing?.status).toBe(status);
    }
  });

  test.each([
    ["idle", { status: "up", since: 0 }, [memberWith("ready")]],
    ["asked", { status: "up", intent: "sleep" }, [memberWith("ready")]],
    ["no_room", { status: "waking_up", since: 0, wake_asked_at: 0 }, []],
  ] as const)("an endpoint that falls asleep says why: %s", (reason, standing, members) => {
    const { transition } = decide(endpointWith(standing), members, quiet, 1, rules(700_000));
    expect(transition).toMatchObject({ to: "sleeping", reason });
  });
});
