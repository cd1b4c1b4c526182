import { expect, test } from "bun:test";
import type { ObservedReplica } from "../../../../agent/contract/protocol/messages.ts";
import { specOf } from "./elastic.ts";
import { modelWith, observedWith, rowWith } from "./lifecycle.testbed.ts";
import { modelStatus, reasonOf } from "./model-status.ts";
import type { Unschedulable } from "./plan.ts";
import type { ReplicaStatus } from "./world.ts";

const model = modelWith();
const calm = { unplaced: new Map<string, Unschedulable>() };

function replica(
  host_id: string,
  state: ReplicaStatus["state"],
  facts: Partial<ObservedReplica> = {},
): ReplicaStatus {
  const id = `rep_${host_id}`;
  const row = rowWith({ id, host_id, owner_id: "mdl_1", revision: 0, spec: specOf(model) });
  if (state === "waiting") return { row, state, observed: null };
  return { row, state, observed: observedWith({ id, state, ...facts }) };
}

const unplaced = (cause: Unschedulable["cause"]) => ({
  unplaced: new Map([["mdl_1", { cause, detail: "It needs 80 GiB." }]]),
});

test("it counts what is ready and on its way, and says where and with how much", () => {
  const statuses = [replica("a", "ready"), replica("b", "starting"), replica("c", "waiting")];
  expect(modelStatus(model, statuses, calm)).toMatchObject({
    status: "up",
    ready_replicas: 1,
    starting_replicas: 2,
    cause: "",
    problem: null,
    placement: [
      { replica: "rep_a", host_id: "a", devices: ["cpu"], bytes_per_device: 2 ** 30 },
      { state: "starting" },
      { state: "waiting" },
    ],
  });
});

test("while it starts, the furthest replica speaks for all, and downloads are summed up", () => {
  const download = { phase: "downloading" as const, download_bytes: 100, download_bytes_per_s: 5 };
  const statuses = [
    replica("a", "starting", { ...download, downloaded_bytes: 20 }),
    replica("b", "starting", { ...download, downloaded_bytes: 30 }),
    replica("c", "waiting"),
  ];
  const two = modelStatus(model, statuses.slice(0, 2), calm);
  expect(two).toMatchObject({ status: "starting", phase: "downloading", ready_replicas: 0 });
  expect(two.progress).toMatchObject({ downloaded_bytes: 50, download_bytes: 200, eta_s: 15 });
  expect(reasonOf(two)).toContain("25 % are there");
  expect(modelStatus(model, statuses, calm).phase).toBe("loading");
});

test("a failed replica's own words and cause are the problem", () => {
  const detail = "The repository is gated. Set hf_token.";
  const failed = modelStatus(
    model,
    [replica("a", "failed", { cause: "gated_model", detail })],
    calm,
  );
  expect(failed).toMatchObject({ status: "failed", cause: "gated_model", problem: detail });
  expect(reasonOf(failed)).toBe(detail);
  const silent = modelStatus(model, [replica("a", "crashed")], calm);
  expect([silent.cause, silent.problem]).toEqual(["runtime_crash", expect.stringMatching(/log/)]);
});

test("a change that fails on one replica and is held back from the others says both", () => {
  const changed = modelWith({ slots: 9 });
  const failed = replica("a", "failed", { detail: "It needs more memory." });
  const { row } = failed;
  const again = { ...failed, row: { ...row, spec: specOf(changed) } };
  expect(modelStatus(changed, [again, replica("b", "ready")], calm).problem).toMatch(
    /^It needs more memory\. The ready replicas keep running as before the change\./,
  );
  expect(modelStatus(changed, [again], calm).problem).toBe("It needs more memory.");
});

test("a ready replica whose host cannot be reached is a problem, but a failed one says more", () => {
  const around = {
    ...calm,
    hostProblem: (host: string) => (host === "b" ? "Open port 8444." : null),
  };
  const problem = (...statuses: ReplicaStatus[]) => modelStatus(model, statuses, around).problem;
  expect(problem(replica("a", "ready"), replica("b", "starting"))).toBeNull();
  expect(problem(replica("a", "ready"), replica("b", "ready"))).toEndWith("Open port 8444.");
  const broken = replica("a", "failed", { detail: "It is broken." });
  expect(problem(replica("b", "ready"), broken)).toBe("It is broken.");
});

test("without a place it says why, and whether that passes on its own", () => {
  expect(modelStatus(model, [], unplaced("no_capacity"))).toMatchObject({
    status: "placing",
    cause: "no_capacity",
    problem: "It needs 80 GiB.",
    phase: null,
  });
  expect(modelStatus(model, [], unplaced("")).cause).toBe("");
  const before = modelStatus(model, [], calm);
  expect([before.status, before.problem]).toEqual(["placing", null]);
  expect(reasonOf(before)).toContain("being placed");
});

test("one that wants no replica, and one that is disabled, have no problem", () => {
  expect(modelStatus(modelWith({ replicas: 0 }), [], calm)).toMatchObject({
    status: "stopped",
    problem: null,
  });
  const disabled = modelWith({ enabled: false });
  expect(modelStatus(disabled, [], unplaced("no_capacity"))).toMatchObject({
    status: "disabled",
    cause: "",
    problem: null,
  });
});

test("a replica that is being stopped does not count", () => {
  const { row, ...rest } = replica("a", "ready");
  const stopping = { ...rest, row: { ...row, unwanted_since: 3 } };
  expect(modelStatus(model, [stopping], calm)).toMatchObject({ ready_replicas: 0, placement: [] });
});
