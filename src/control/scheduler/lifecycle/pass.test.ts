import { expect, test } from "bun:test";
import type { Endpoint } from "../../models/endpoints/endpoint.ts";
import type { Fit } from "../placement/fleet.ts";
import {
  endpointWith,
  gpuWith,
  hostWith,
  inventoryWith,
  modelWith,
  observedWith,
  rowWith,
} from "./lifecycle.testbed.ts";
import { pass } from "./pass.ts";
import type { ReplicaRow, ReplicaStatus, World } from "./world.ts";

const gib = 2 ** 30;
const now = 1_000_000;
const rules = { now, placing_timeout_ms: 1_800_000, unready_timeout_ms: 300_000 };
const gpu = gpuWith({ uuid: "g0", vram_bytes: 22 * gib });
const wholeGpu: Fit = {
  needOn: ({ memory_bytes }) => ({ devices: 1, bytes_per_device: memory_bytes, guessed: false }),
  longestContextOn: () => 0,
};
const model = modelWith({ name: "pool", source: "file:///m.gguf" });

/** vLLM takes a whole GPU. */
const dedicated = (changes: Partial<Endpoint> = {}): Endpoint =>
  endpointWith(
    {},
    {},
    {
      artifact: { runtime: "vllm", source: "hf:a/b", context_tokens: 4096, model: null },
      ...changes,
    },
  );

const elasticRow = rowWith({
  id: "rep_pool",
  owner_id: "mdl_1",
  revision: 0,
  devices: ["g0"],
  bytes_per_device: 22 * gib,
});

/** One host with one GPU. */
function world(
  rows: readonly ReplicaRow[],
  states: Readonly<Record<string, ReplicaStatus["state"]>>,
  changes: Partial<World> = {},
): World {
  const inventory = {
    ...inventoryWith("host_a", [gpu]),
    runtimes: ["vllm", "llama-server"].map((name) => ({ name, version: "1", path: "/r" })),
  };
  const replicas = Object.entries(states).map(([id, state]) =>
    observedWith({ id, state: state === "waiting" ? "starting" : state }),
  );
  return {
    now,
    rows,
    models: [],
    endpoints: [],
    hosts: [hostWith("host_a", { inventory, observed: { generation: 9, replicas, sources: [] } })],
    demandOf: () => ({ inflight: 0, waiting: 0, last_active_at: 0 }),
    ttftOf: () => null,
    inflightOf: () => 0,
    fitOf: () => wholeGpu,
    ...changes,
  };
}

/** Up since a moment ago, so that it is not idle. */
const up = (): Endpoint => ({
  ...dedicated(),
  standing: { ...dedicated().standing, status: "up", since: now },
});

const run = (of: World) => pass(of, rules, new Map());

test("an idle shared model stops for a Dedicated endpoint, which waits for its memory", () => {
  const plan = run(
    world([elasticRow], { rep_pool: "ready" }, { models: [model], endpoints: [dedicated()] }),
  );
  expect(plan).toMatchObject({ unwanted: ["rep_pool"], add: [] });
  expect(plan.changes[0]?.standing?.detail).toContain("on host host_a stops to make room");
});

test("two that wait for room do not wait for the same: one stops for each, and where there is but one, the other is told so", () => {
  const gpus = ["g0", "g1"].map((uuid, index) => gpuWith({ uuid, index, vram_bytes: 22 * gib }));
  const rows = gpus.map(({ uuid }) => ({ ...elasticRow, id: `rep_${uuid}`, devices: [uuid] }));
  const endpoints = ["hf:a/b", "hf:c/d"].map((source, index) =>
    dedicated({
      id: `endpt-${index}`,
      artifact: { runtime: "vllm", source, context_tokens: 4096, model: null },
    }),
  );
  const on = (count: number) => {
    const states = Object.fromEntries(rows.slice(0, count).map(({ id }) => [id, "ready" as const]));
    const of = world(rows.slice(0, count), states, { models: [model], endpoints });
    const hosts = of.hosts.map((host) => ({
      ...host,
      inventory: host.inventory && { ...host.inventory, gpus: gpus.slice(0, count) },
    }));
    const plan = run({ ...of, hosts });
    const told = plan.changes.map(({ standing }) => standing?.detail ?? "");
    const waiting = told.filter((detail) => detail.includes("stops to make room")).length;
    return { stopped: plan.unwanted.toSorted(), waiting };
  };
  expect(on(2)).toEqual({ stopped: ["rep_g0", "rep_g1"], waiting: 2 });
  expect(on(1)).toEqual({ stopped: ["rep_g0"], waiting: 1 });
});

test("while it stops nothing else is evicted, and the pool does not take the place back", () => {
  const stopping = { ...elasticRow, unwanted_since: 9 };
  const plan = run(
    world([stopping], { rep_pool: "stopping" }, { models: [model], endpoints: [dedicated()] }),
  );
  expect(plan).toMatchObject({ unwanted: [], add: [], gone: [] });
});

test("the place is taken as soon as its memory is proved free", () => {
  const stopping = { ...elasticRow, unwanted_since: 9 };
  const plan = run(world([stopping], {}, { models: [model], endpoints: [dedicated()] }));
  expect(plan.gone).toEqual(["rep_pool"]);
  expect(plan.add).toMatchObject([{ owner_id: "endpt-1", devices: ["g0"] }]);
});

test("a busy shared model is never stopped", () => {
  const plan = run(
    world(
      [elasticRow],
      { rep_pool: "ready" },
      { models: [model], endpoints: [dedicated()], inflightOf: () => 1 },
    ),
  );
  expect(plan).toMatchObject({ unwanted: [], add: [] });
});

test("a Dedicated endpoint never stops for another, however long that waits", () => {
  const row = rowWith({ devices: ["g0"], bytes_per_device: 22 * gib });
  const second = dedicated({ id: "endpt-2", name: "second" });
  const plan = run(world([row], { rep_1: "ready" }, { endpoints: [up(), second] }));
  expect(plan).toMatchObject({ unwanted: [], add: [] });
  const told = plan.changes.find(({ endpoint_id }) => endpoint_id === "endpt-2");
  expect(told?.standing?.detail).toContain("in use");
});

test("two that want the last GPU in one pass do not both get it", () => {
  const plan = run(world([], {}, { endpoints: [dedicated(), dedicated({ id: "endpt-2" })] }));
  expect(plan.add.map(({ owner_id }) => owner_id)).toEqual(["endpt-1"]);
});

test("nothing is written down when nothing has changed", () => {
  const row = rowWith({ devices: ["g0"], bytes_per_device: 22 * gib });
  const plan = run(
    world(
      [row],
      { rep_1: "ready" },
      {
        endpoints: [up()],
      },
    ),
  );
  expect(plan).toMatchObject({ changes: [], add: [], unwanted: [], gone: [], renew: [] });
});

test("a model whose size is being found out waits for the next pass", () => {
  const models = [model];
  expect(run(world([], {}, { models, fitOf: () => undefined })).add).toEqual([]);
  expect(run(world([], {}, { models, fitOf: () => null })).add).toMatchObject([{ devices: [] }]);
  expect(run(world([], {}, { models })).add).toMatchObject([{ devices: ["g0"] }]);
});

test("an endpoint that is up and whose last host was removed says that no host can take it", () => {
  const row = rowWith({ devices: ["g0"], bytes_per_device: 22 * gib });
  const plan = run(world([row], {}, { endpoints: [up()], hosts: [] }));
  expect(plan.gone).toEqual(["rep_1"]);
  expect(plan.changes[0]?.standing).toMatchObject({ status: "up", unschedulable: true });
  const before = { ...up(), standing: { ...up().standing, ...plan.changes[0]?.standing } };
  const back = run(world([], {}, { endpoints: [before] }));
  expect(back.add).toHaveLength(1);
  expect(back.changes[0]?.standing).toMatchObject({ detail: "", unschedulable: false });
});
