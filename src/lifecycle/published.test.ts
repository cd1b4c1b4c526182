import { expect, test } from "bun:test";
import { relayName } from "../../agent/contract/relay-name.ts";
import type { Reach } from "../fleet/reach.ts";
import { type ElasticModel, specOf } from "./elastic.ts";
import { observedWith, rowWith } from "./lifecycle-testbed.ts";
import { modelStatus, replicasOnHost, routedModels } from "./published.ts";
import type { ReplicaStatus } from "./world.ts";

const runtime = "llama-server" as const;

const model: ElasticModel & { created_at: number } = {
  id: "mdl_1",
  name: "demo",
  source: "builtin:hypervize-demo",
  runtime,
  context_tokens: 4096,
  slots: 4,
  replicas: null,
  enabled: true,
  created_at: 7,
};

function replica(host_id: string, state: ReplicaStatus["state"], detail = ""): ReplicaStatus {
  const id = `rep_${host_id}`;
  const row = rowWith({ ...{ id, host_id, owner_id: "mdl_1", revision: 0 }, spec: specOf(model) });
  const facts = { ...{ id, state, detail }, port: 9000, restarts: 2, started_at_ms: 5 };
  const observed = state === "waiting" ? null : observedWith({ ...facts, state });
  return { row, state, observed };
}

test("ready replicas get requests: on loopback, through a relay or a tunnel, or not where there is no way", () => {
  const statuses = [
    replica("a", "ready"),
    replica("b", "starting"),
    replica("c", "ready"),
    replica("d", "ready"),
    replica("e", "ready"),
  ];
  const demo = { runtime, model: "demo", slots: 4 };
  const relay = { via: "relay", host: "10.0.0.7", port: 8444 } as const;
  const reach = (host: string) =>
    ({ a: { via: "loopback" }, b: relay, d: relay, e: { via: "tunnel" } })[host] as
      | Reach
      | undefined;
  expect(routedModels([model], statuses, (host) => reach(host) ?? null)).toEqual([
    {
      id: "mdl_1",
      name: "demo",
      created_at: 7,
      ready: [
        { id: "rep_a", host_id: "a", host: "127.0.0.1", port: 9000, ...demo },
        {
          ...{ id: "rep_d", host_id: "d", host: "10.0.0.7", port: 8444, ...demo },
          relay: { server_name: relayName("rep_d"), tunnel: false },
        },
        {
          ...{ id: "rep_e", host_id: "e", host: "127.0.0.1", port: 9000, ...demo },
          relay: { server_name: relayName("rep_e"), tunnel: true },
        },
      ],
      reason: null,
      endpoint: null,
    },
  ]);
});

test("routing is told which runtime it is, for they differ in the routes that they have", () => {
  const runtimes = ["vllm", "sglang", "llama-server"].map((name) => {
    const { row, ...rest } = replica("a", "ready");
    const other = { ...rest, row: { ...row, spec: { ...row.spec, runtime: name } } };
    return routedModels([model], [other], () => ({ via: "loopback" }))[0]?.ready[0]?.runtime;
  });
  expect(runtimes).toEqual(["vllm", "sglang", "llama-server"]);
});

test("a replica that is being stopped gets no new request", () => {
  const { row, ...rest } = replica("a", "ready");
  const stopping = { ...rest, row: { ...row, unwanted_since: 3 } };
  const [routed] = routedModels([model], [stopping], () => ({ via: "loopback" }));
  expect(routed?.ready).toEqual([]);
});

test("a disabled model is not routed", () => {
  expect(routedModels([{ ...model, enabled: false }], [], () => null)).toEqual([]);
});

test("the status counts what is ready and what is on its way", () => {
  const statuses = [replica("a", "ready"), replica("b", "starting"), replica("c", "waiting")];
  expect(modelStatus(model, statuses)).toEqual({
    ready_replicas: 1,
    starting_replicas: 2,
    problem: null,
  });
});

test("a failed replica's own words are the problem", () => {
  const statuses = [replica("a", "failed", "The file is damaged. Download it again.")];
  expect(modelStatus(model, statuses).problem).toBe("The file is damaged. Download it again.");
});

test("a ready replica whose host cannot be reached is a problem, but a failed one says more", () => {
  const unreachable = (host: string) => (host === "b" ? "Open port 8444." : null);
  const problem = (...statuses: ReplicaStatus[]) =>
    modelStatus(model, statuses, unreachable).problem;
  expect(problem(replica("a", "ready"), replica("b", "starting"))).toBeNull();
  expect(problem(replica("a", "ready"), replica("b", "ready"))).toEndWith("Open port 8444.");
  expect(problem(replica("b", "ready"), replica("a", "failed", "It is broken."))).toBe(
    "It is broken.",
  );
});

test("without any host the problem says what to do, and a model that wants none has no problem", () => {
  expect(modelStatus(model, []).problem).toContain("Join one");
  expect(modelStatus({ ...model, replicas: 0 }, []).problem).toBeNull();
});

test("a host's replicas carry what people look at", () => {
  const statuses = [replica("a", "ready"), replica("b", "waiting")];
  expect(replicasOnHost("a", statuses, () => 3)).toMatchObject([
    { id: "rep_a", model: "demo", state: "ready", inflight: 3, restarts: 2, started_at_ms: 5 },
  ]);
  expect(replicasOnHost("b", statuses, () => 0)).toMatchObject([{ state: "waiting", detail: "" }]);
});
