/** Shared models that need so much memory, on hosts that have so much. */
import { expect, test } from "bun:test";
import type { Measured } from "../sizing/plan.ts";
import { type ElasticModel, specOf } from "./elastic.ts";
import { estimateOf } from "./elastic-need.ts";
import {
  gpuWith,
  hostWith,
  inventoryWith,
  modelWith,
  observedWith,
  rowWith,
} from "./lifecycle.testbed.ts";
import { pass } from "./pass.ts";
import type { FleetHost, ReplicaRow, World } from "./world.ts";

const gib = 2 ** 30;
const rules = { now: 0, placing_timeout_ms: 1, unready_timeout_ms: 1 };
const engine = modelWith({ runtime: "vllm", source: "hf:org/m@1", replicas: 1, changed_at: 10 });

/** A host with vLLM and llama-server and so many GPUs of 22 GiB. */
function host(id: string, gpus: number, replicas = [observedWith({ id: "rep_other" })]): FleetHost {
  const devices = Array.from({ length: gpus }, (_, index) =>
    gpuWith({ index, uuid: `${id}-g${index}` }),
  );
  const runtimes = ["vllm", "llama-server"].map((name) => ({ name, version: "1", path: "/r" }));
  return hostWith(id, {
    inventory: { ...inventoryWith(id, devices), runtimes },
    observed: { generation: 9, replicas, sources: [] },
  });
}

const row = (changes: Partial<ReplicaRow> = {}): ReplicaRow =>
  rowWith({
    owner_id: "mdl_1",
    host_id: "a",
    revision: 0,
    devices: ["a-g0"],
    spec: specOf(engine),
    bytes_per_device: 22 * gib,
    ...changes,
  });

const run = (
  models: readonly ElasticModel[],
  hosts: readonly FleetHost[],
  rows: readonly ReplicaRow[] = [],
  changes: Partial<World> = {},
) =>
  pass(
    {
      now: 0,
      models,
      endpoints: [],
      hosts,
      rows,
      fitOf: estimateOf,
      ttftOf: () => null,
      inflightOf: () => 0,
      demandOf: () => ({ inflight: 0, waiting: 0, last_active_at: 0 }),
      ...changes,
    },
    rules,
    new Map(),
  );

test("an engine gets whole GPUs, as many as are asked for, where there are so many", () => {
  const two = { ...engine, gpu: { type: null, count: 2 } };
  expect(run([two], [host("a", 1), host("b", 2)]).add).toMatchObject([
    {
      host_id: "b",
      devices: ["b-g0", "b-g1"],
      bytes_per_device: 22 * gib,
      revision: 0,
      spec: { runtime: "vllm", devices: ["b-g0", "b-g1"] },
    },
  ]);
});

test("a second engine does not get the GPU of the first, and reads why", () => {
  const second = { ...engine, id: "mdl_2", name: "second" };
  const plan = run([engine, second], [host("a", 1)]);
  expect(plan.add.map(({ owner_id }) => owner_id)).toEqual(["mdl_1"]);
  expect(plan.unschedulable.get("mdl_2")).toMatchObject({
    cause: "no_capacity",
    detail: expect.stringContaining("in use"),
  });
});

test("what waits only for another start on the same GPU is told so, and that is no fault", () => {
  const small = modelWith({ replicas: 1 });
  const plan = run([small, { ...small, id: "mdl_2" }], [host("a", 1)]);
  expect(plan.add.map(({ owner_id }) => owner_id)).toEqual(["mdl_1"]);
  expect(plan.unschedulable.get("mdl_2")).toMatchObject({
    cause: "",
    detail: expect.stringContaining("until the start on it has ended"),
  });
});

test("without a host that has the engine, a GPU of the asked type, or a host to spare, that is said", () => {
  const why = (model: ElasticModel, hosts: FleetHost[], rows: ReplicaRow[] = []) =>
    run([model], hosts, rows).unschedulable.get("mdl_1")?.detail;
  expect(why(engine, [hostWith("c")])).toStartWith("No host has vllm.");
  expect(why(engine, [{ ...host("a", 1), cordoned: true }])).toContain("is cordoned");
  expect(why({ ...engine, gpu: { type: "H100-80", count: null } }, [host("a", 1)])).toContain(
    "H100",
  );
  expect(why({ ...engine, replicas: 2 }, [host("a", 1)], [row()])).toStartWith(
    "It wants 2 replicas",
  );
  expect(why(engine, [host("a", 1)], [row()])).toBeUndefined();
});

test("a build that sees no GPU leaves one, and stays where it is on the processors", () => {
  const small = modelWith({ replicas: 1 });
  const [vllm, llama] = ["vllm", "llama-server"].map((name) => ({
    name,
    version: "1",
    path: "/r",
  }));
  const there = host("a", 1);
  const { inventory } = there;
  if (!inventory || !vllm || !llama) throw new Error("no host");
  const blind = {
    ...there,
    inventory: { ...inventory, runtimes: [vllm, { ...llama, says_devices: true, devices: [] }] },
  };
  const on = (device: string) => {
    const rows = [row({ spec: specOf(small), devices: [device], bytes_per_device: gib })];
    return run([small], [blind], rows).unwanted;
  };
  expect(on("a-g0")).toEqual(["rep_1"]);
  expect(on("cpu")).toEqual([]);
});

test("what starts have really taken counts instead of the estimate", () => {
  const small = modelWith({ replicas: 1 });
  const seen: Measured = {
    gpu: "NVIDIA L4",
    gpus: 1,
    context_tokens: 4096,
    concurrency: 4,
    context: 4096,
    slots: 4,
    gpu_bytes: 10 * gib,
    memory_bytes: gib,
    count: 1,
    last_at: 0,
    start_p50_ms: 1,
    start_p95_ms: 1,
  };
  const measured: World["measured"] = ({ gpu, source }) =>
    gpu === "NVIDIA L4" && source === small.source ? seen : null;
  const bytes = (changes: Partial<World>) =>
    run([small], [host("a", 1)], [], changes).add[0]?.bytes_per_device;
  expect(bytes({})).toBe(gib);
  expect(bytes({ measured })).toBe(Math.ceil(10 * gib * 1.05));
});

test("a replica that failed before the last change starts afresh, one that failed since does not", () => {
  const hosts = [host("a", 2, [observedWith({ state: "failed" })])];
  const old = run([engine], hosts, [row({ created_at: 9 })]);
  expect(old).toMatchObject({ unwanted: ["rep_1"], add: [{ host_id: "a" }] });
  expect(run([engine], hosts, [row({ created_at: 10 })])).toMatchObject({ unwanted: [], add: [] });
  const running = [host("a", 2, [observedWith({ state: "ready" })])];
  expect(run([engine], running, [row({ created_at: 9 })])).toMatchObject({ unwanted: [], add: [] });
});

test("a replica that is not on the GPUs that are asked for now moves", () => {
  const hosts = [host("a", 2, [observedWith()])];
  const moved = (gpu: ElasticModel["gpu"]) => run([{ ...engine, gpu }], hosts, [row()]).unwanted;
  expect(moved({ type: "L4", count: 1 })).toEqual([]);
  expect(moved({ type: "L4", count: 2 })).toEqual(["rep_1"]);
  expect(moved({ type: "H100-80", count: null })).toEqual(["rep_1"]);
  const onCpu = row({ devices: ["cpu"] });
  const small = modelWith({ gpu: { type: "cpu", count: 2 }, replicas: 1 });
  expect(run([small], hosts, [{ ...onCpu, spec: specOf(small) }]).unwanted).toEqual([]);
});

test("a new specification of the same size starts in place, one of another size finds its place again", () => {
  const hosts = [host("a", 2, [observedWith()])];
  const longer = { ...engine, context_tokens: 8192 };
  expect(run([longer], hosts, [row()])).toMatchObject({ renew: [{ id: "rep_1" }], unwanted: [] });
  const inShare = row({ bytes_per_device: 2 * gib });
  expect(run([longer], hosts, [inShare])).toMatchObject({ renew: [], unwanted: ["rep_1"] });
});

test("a model whose size is being found out has no place yet, and nothing is wrong with it", () => {
  const plan = run([engine], [host("a", 1)], [], { fitOf: () => undefined });
  expect([plan.add, plan.unschedulable.size]).toEqual([[], 0]);
});
