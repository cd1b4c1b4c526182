import { describe, expect, test } from "bun:test";
import type { EndpointSpec } from "../../../models/endpoints/spec.ts";
import type { EndpointState } from "../../../models/endpoints/status.ts";
import { endpointWith, memberWith, observedWith } from "../lifecycle.testbed.ts";
import { decide } from "./decide.ts";
import type { Demand } from "./situation.ts";

const quiet: Demand = { inflight: 0, waiting: 0, last_active_at: 0 };
const rules = (now: number) => ({
  now,
  placing_timeout_ms: 1_800_000,
  unready_timeout_ms: 300_000,
});
const artifact = {
  runtime: "vllm" as const,
  source: "hf:a/b",
  context_tokens: 4096,
  model: null,
};
const vllm = (standing: Partial<EndpointState>, spec: Partial<EndpointSpec> = {}) =>
  endpointWith(standing, { l1_timeout_s: 60, ...spec }, { artifact });

describe("going to sleep", () => {
  const up = { status: "up", since: 0, target: 2 } as const;
  const ready = ["rep_1", "rep_2"].map((id) => memberWith("ready", { id }));

  test("one replica sleeps in place, the others stop", () => {
    const decision = decide(vllm(up), ready, quiet, 2, rules(9e9));
    expect(decision).toMatchObject({ sleep: ["rep_2"], stop: ["rep_1"] });
    expect(decision.standing).toMatchObject({ status: "sleeping", depth: "l1" });
  });

  test.each([
    ["the endpoint does not want it", vllm(up, { l1_timeout_s: 0 }), ready],
    ["llama-server cannot", endpointWith(up, { l1_timeout_s: 60 }), ready],
    ["its host is to be emptied", vllm(up), [memberWith("ready", { leaving: true })]],
  ])("none does where %s", (_, endpoint, members) => {
    const decision = decide(endpoint, members, quiet, 2, rules(9e9));
    expect(decision).toMatchObject({ sleep: [], stop: members.map(({ id }) => id) });
    expect(decision.standing).toMatchObject({ status: "sleeping", depth: "stopped" });
  });
});

describe("asleep in place", () => {
  const sleeping = { status: "sleeping", since: 0, depth: "l1" } as const;
  const sleeper = memberWith("asleep", { asleep: true });

  test("it sleeps on until its time is over, then its process stops without a transition", () => {
    const at = (now: number, l1_timeout_s: number | null = 60) =>
      decide(vllm(sleeping, { l1_timeout_s }), [sleeper], quiet, 1, rules(now));
    expect(at(59_999)).toMatchObject({ stop: [], standing: { depth: "l1" } });
    expect(at(60_000)).toMatchObject({ stop: ["rep_1"], standing: { depth: "stopped" } });
    expect(at(60_000).transition).toBeNull();
    expect(at(9e9, null).stop).toEqual([]);
    expect(at(1, 0).stop).toEqual(["rep_1"]);
  });

  test.each([
    ["crashed", { state: "crashed", observed: observedWith({ detail: "It fell." }) }, "It fell."],
    ["is missing on its host", { missing: true }, ""],
    ["is on a host to be emptied", { leaving: true }, ""],
    ["is of an older revision", { revision: 0 }, ""],
    ["is lost with its host", { lost: true }, ""],
  ] as const)("one that %s is given up", (_, changes, detail) => {
    const decision = decide(vllm(sleeping), [{ ...sleeper, ...changes }], quiet, 1, rules(1));
    expect(decision).toMatchObject({ stop: ["rep_1"], standing: { depth: "stopped", detail } });
    expect(decision.standing?.status).toBe("sleeping");
  });

  test("one whose host has not spoken yet sleeps on", () => {
    const silent = memberWith("waiting", { asleep: true });
    expect(decide(vllm(sleeping), [silent], quiet, 1, rules(1)).stop).toEqual([]);
  });

  test("paused or deleted, its process stops", () => {
    for (const intent of ["pause", "delete"] as const) {
      const decision = decide(vllm({ ...sleeping, intent }), [sleeper], quiet, 1, rules(1));
      expect(decision).toMatchObject({ stop: ["rep_1"], wake_up: [] });
    }
  });
});

describe("waking", () => {
  const sleeper = memberWith("asleep", { asleep: true });
  const sleeping = vllm({ status: "sleeping", since: 1000, depth: "l1" });

  test("the sleeper wakes instead of a start, and the wake counts as one from l1", () => {
    const waking = decide(sleeping, [sleeper], { ...quiet, waiting: 1 }, 1, rules(5000));
    expect(waking).toMatchObject({ wake_up: ["rep_1"], start: 0, stop: [] });
    expect(waking.standing).toMatchObject({ status: "waking_up", depth: "l1" });
    const endpoint = { ...sleeping, standing: { ...sleeping.standing, ...waking.standing } };
    const awake = decide(endpoint, [memberWith("ready")], quiet, 1, rules(5400));
    expect(awake.wake).toEqual({ depth: "l1", duration_ms: 400 });
  });

  test("more replicas than sleep are started beside it", () => {
    const endpoint = vllm({ status: "sleeping", depth: "l1" }, { min_replicas: 3 });
    const waking = decide(endpoint, [sleeper], quiet, 1, rules(5000));
    expect(waking).toMatchObject({ wake_up: ["rep_1"], start: 2 });
  });

  test("one that crashes on the way makes it a wake from a stopped process", () => {
    const endpoint = vllm({ status: "waking_up", since: 4000, wake_asked_at: 4000, depth: "l1" });
    const crashed = memberWith("crashed", { observed: observedWith({ ready_after_ms: 9 }) });
    const after = decide(endpoint, [crashed], { ...quiet, waiting: 1 }, 1, rules(4500));
    expect(after.standing).toMatchObject({ status: "waking_up", depth: "stopped" });
  });

  test("a sleeper that has crashed is replaced by a start", () => {
    const crashed = memberWith("crashed", { asleep: true });
    const waking = decide(sleeping, [crashed], { ...quiet, waiting: 1 }, 1, rules(5000));
    expect(waking).toMatchObject({ wake_up: [], start: 1, stop: ["rep_1"] });
    expect(waking.standing?.depth).toBe("stopped");
  });
});
