import { expect, test } from "bun:test";
import { relayName } from "../../../../agent/contract/protocol/relay-name.ts";
import type { Reachability } from "../../fleet/reachability.ts";
import { specOf } from "./elastic.ts";
import { modelWith, observedWith, rowWith } from "./lifecycle.testbed.ts";
import { replicasOnHost, routedModels } from "./published.ts";
import type { ReplicaStatus } from "./world.ts";

const runtime = "llama-server" as const;
const loopback = { via: "loopback", relay: null } as const;

const model = { ...modelWith(), created_at: 7 };

function replica(host_id: string, state: ReplicaStatus["state"], detail = ""): ReplicaStatus {
  const id = `rep_${host_id}`;
  const row = rowWith({ id, host_id, owner_id: "mdl_1", revision: 0, spec: specOf(model) });
  const facts = {
    id,
    state,
    detail,
    port: 9000,
    listener: 77,
    restarts: 2,
    started_at_ms: 5,
  };
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
    ({ a: loopback, b: relay, d: relay, e: { via: "tunnel" } })[host] as Reachability | undefined;
  expect(routedModels([model], statuses, (host) => reach(host) ?? null, new Map())).toEqual([
    {
      id: "mdl_1",
      name: "demo",
      created_at: 7,
      ready: [
        { id: "rep_a", host_id: "a", host: "127.0.0.1", port: 9000, listener: 77, ...demo },
        {
          id: "rep_d",
          host_id: "d",
          host: "10.0.0.7",
          port: 8444,
          ...demo,
          relay: { server_name: relayName("rep_d"), tunnel: false },
        },
        {
          id: "rep_e",
          host_id: "e",
          host: "127.0.0.1",
          port: 9000,
          ...demo,
          relay: { server_name: relayName("rep_e"), tunnel: true },
        },
      ],
      reason: null,
      endpoint: null,
    },
  ]);
});

test("a runtime on our loopback whose socket nobody knows is reached by its host's relay, or not at all", () => {
  const { observed, ...rest } = replica("a", "ready");
  const unknown = { ...rest, observed: observed && { ...observed, listener: 0 } };
  const readyBy = (reach: Reachability) =>
    routedModels([model], [unknown], () => reach, new Map())[0]?.ready;
  expect(readyBy(loopback)).toEqual([]);
  expect(readyBy({ via: "loopback", relay: { host: "127.0.0.1", port: 8444 } })).toMatchObject([
    { host: "127.0.0.1", port: 8444, relay: { server_name: relayName("rep_a"), tunnel: false } },
  ]);
});

test("an address that a host names for itself is not dialled", () => {
  const { observed, ...rest } = replica("a", "ready");
  const odd = { ...rest, observed: observed && { ...observed, host: "10.0.0.7" } };
  const [routed] = routedModels([model], [odd], () => loopback, new Map());
  expect(routed?.ready).toMatchObject([{ host: "127.0.0.1", port: 9000 }]);
});

test("routing is told which runtime it is, for they differ in the routes that they have", () => {
  const runtimes = ["vllm", "sglang", "llama-server"].map((name) => {
    const { row, ...rest } = replica("a", "ready");
    const other = { ...rest, row: { ...row, spec: { ...row.spec, runtime: name } } };
    return routedModels([model], [other], () => loopback, new Map())[0]?.ready[0]?.runtime;
  });
  expect(runtimes).toEqual(["vllm", "sglang", "llama-server"]);
});

test("a replica that is being stopped gets no new request", () => {
  const { row, ...rest } = replica("a", "ready");
  const stopping = { ...rest, row: { ...row, unwanted_since: 3 } };
  const [routed] = routedModels([model], [stopping], () => loopback, new Map());
  expect(routed?.ready).toEqual([]);
});

test("a disabled model is not routed", () => {
  expect(routedModels([{ ...model, enabled: false }], [], () => null, new Map())).toEqual([]);
});

test("a host's replicas carry what people look at", () => {
  const statuses = [replica("a", "ready"), replica("b", "waiting")];
  expect(replicasOnHost("a", statuses, () => 3)).toMatchObject([
    { id: "rep_a", model: "demo", state: "ready", inflight: 3, restarts: 2, started_at_ms: 5 },
  ]);
  expect(replicasOnHost("b", statuses, () => 0)).toMatchObject([{ state: "waiting", detail: "" }]);
});
