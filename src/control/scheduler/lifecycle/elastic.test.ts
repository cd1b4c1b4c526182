import { describe, expect, test } from "bun:test";
import {
  type Assignment,
  assign as decide,
  type ElasticHost,
  type ElasticModel,
  specOf,
  type Take,
} from "./elastic.ts";
import { modelWith } from "./lifecycle.testbed.ts";
import { lost_after_ms, lostHosts } from "./world.ts";

const assign = (
  models: readonly ElasticModel[],
  hosts: readonly ElasticHost[],
  current: readonly Assignment[],
  take?: Take,
) => decide(models, hosts, current, lostHosts(hosts), take);

const model = (over: Partial<ElasticModel> = {}): ElasticModel =>
  modelWith({ replicas: 1, ...over });

const host = (id: string, over: Partial<ElasticHost> = {}): ElasticHost => ({
  id,
  cordoned: false,
  draining: false,
  runtimes: ["llama-server"],
  down_for_ms: 0,
  has_gpu: false,
  ...over,
});

const on = (host_id: string, over: Partial<Assignment> = {}): Assignment => ({
  id: `rep_${host_id}`,
  owner_id: "mdl_1",
  host_id,
  epoch: 1,
  spec: specOf(model()),
  ...over,
});

const nothing = { add: [], short: [], remove: [], renew: [] };
const added = (changes: ReturnType<typeof assign>) => changes.add.map((a) => a.host_id);

describe("growing", () => {
  test("a model with one replica goes to the emptiest host", () => {
    const other = on("a", { id: "rep_other", owner_id: "mdl_2" });
    const both = [model(), model({ id: "mdl_2", name: "other" })];
    expect(added(assign(both, [host("a"), host("b")], [other]))).toEqual(["b"]);
  });

  test("a model without a count goes to every host that can run it", () => {
    const hosts = [
      host("a"),
      host("b", { runtimes: [] }),
      host("c"),
      host("d", { cordoned: true }),
    ];
    expect(added(assign([model({ replicas: null })], hosts, []))).toEqual(["a", "c"]);
  });

  test("two models spread over two empty hosts", () => {
    const both = [model(), model({ id: "mdl_2", name: "other" })];
    expect(added(assign(both, [host("a"), host("b")], []))).toEqual(["a", "b"]);
  });

  test("a second pass over its own result changes nothing", () => {
    expect(assign([model()], [host("a"), host("b")], [on("a")])).toEqual(nothing);
  });
});

describe("room", () => {
  const hosts = [host("a"), host("b"), host("c")];
  const only =
    (...ids: string[]): Take =>
    (_, id) =>
      ids.includes(id);

  test("a host without room is passed over for the next one that has it", () => {
    const changes = assign([model()], hosts, [], only("b", "c"));
    expect([added(changes), changes.short]).toEqual([["b"], []]);
  });

  test("a model for every host runs where there is room, and misses nothing", () => {
    const changes = assign([model({ replicas: null })], hosts, [], only("a", "c"));
    expect([added(changes), changes.short]).toEqual([["a", "c"], []]);
  });

  test("one that gets fewer than it wants, or none, is reported with the hosts that are full", () => {
    const some = assign([model({ replicas: 3 })], hosts, [on("a")], only("b"));
    expect(some.short).toEqual([{ model: model({ replicas: 3 }), kept: 2, full: ["c"] }]);
    const every = model({ replicas: null });
    expect(assign([every], hosts, [], only()).short).toEqual([
      { model: every, kept: 0, full: ["a", "b", "c"] },
    ]);
    expect(assign([every], [], []).short).toEqual([{ model: every, kept: 0, full: [] }]);
    expect(assign([model({ replicas: 0 })], hosts, [], only()).short).toEqual([]);
  });

  test("a host with GPUs comes before an emptier one without", () => {
    const other = on("b", { id: "rep_other", owner_id: "mdl_2" });
    const both = [model(), model({ id: "mdl_2", name: "other" })];
    expect(added(assign(both, [host("a"), host("b", { has_gpu: true })], [other]))).toEqual(["b"]);
  });
});

describe("shrinking", () => {
  test("a disabled model and a removed host lose their replicas", () => {
    expect(assign([model({ enabled: false })], [host("a")], [on("a")]).remove).toEqual(["rep_a"]);
    expect(assign([model({ replicas: null })], [], [on("a")]).remove).toEqual(["rep_a"]);
  });

  test("the replica on the cordoned host goes first", () => {
    const hosts = [host("a", { cordoned: true }), host("b")];
    expect(assign([model()], hosts, [on("a"), on("b")]).remove).toEqual(["rep_a"]);
  });

  test("zero replicas removes the one on a lost host too", () => {
    const hosts = [host("a", { down_for_ms: lost_after_ms + 1 }), host("b")];
    expect(assign([model({ replicas: 0 })], hosts, [on("a")]).remove).toEqual(["rep_a"]);
  });
});

test("a host that is to be emptied loses its replicas and gets none", () => {
  const hosts = [host("a", { draining: true }), host("b")];
  const changes = assign([model()], hosts, [on("a")]);
  expect([changes.remove, added(changes)]).toEqual([["rep_a"], ["b"]]);
});

describe("silent hosts", () => {
  test("a host that is silent for a moment keeps its replica and gets no twin", () => {
    const hosts = [host("a", { down_for_ms: 30_000 }), host("b")];
    expect(assign([model()], hosts, [on("a")])).toEqual(nothing);
  });

  test("a lost host's replica is replaced but not forgotten, and one goes when it heals", () => {
    const lost = [host("a", { down_for_ms: lost_after_ms + 1 }), host("b"), host("c")];
    const first = assign([model()], lost, [on("a")]);
    expect(first).toEqual({
      ...nothing,
      add: [{ owner_id: "mdl_1", host_id: "b", spec: specOf(model()) }],
    });
    expect(assign([model()], lost, [on("a"), on("b")])).toEqual(nothing);
    const healed = lost.map((h) => ({ ...h, down_for_ms: 0 }));
    expect(assign([model()], healed, [on("a"), on("b")]).remove).toEqual(["rep_b"]);
  });

  test("when most of the fleet falls silent at once nothing moves", () => {
    const hosts = ["a", "b", "c"].map((id) => host(id, { down_for_ms: lost_after_ms * 2 }));
    expect(assign([model()], [...hosts, host("d")], [on("a")])).toEqual(nothing);
  });
});

test("a changed specification renews the epoch in place", () => {
  const changed = model({ context_tokens: 8192 });
  expect(assign([changed], [host("a")], [on("a")])).toEqual({
    ...nothing,
    renew: [{ id: "rep_a", spec: specOf(changed) }],
  });
});
