import { expect, test } from "bun:test";
import type { Desired, ObservedReplica } from "../../agent/contract/messages.ts";
import { type Database, openDatabase } from "../storage/database.ts";
import type { ElasticHost, ElasticModel } from "./elastic.ts";
import { Lifecycle } from "./reconcile.ts";

/** A fleet on paper: what it was told last, and what it says. */
function fleet(database: Database = openDatabase(":memory:")) {
  const models: ElasticModel[] = [
    {
      id: "mdl_1",
      name: "demo",
      source: "builtin:hypervize-demo",
      runtime: "llama-server",
      context_tokens: 4096,
      slots: 4,
      replicas: 1,
      enabled: true,
    },
  ];
  const hosts: ElasticHost[] = [
    { id: "host_a", cordoned: false, runtimes: ["llama-server"], down_for_ms: 0 },
  ];
  const passes = { count: 0 };
  const failures: unknown[] = [];
  const told = new Map<string, Desired>();
  const said = new Map<string, ObservedReplica[]>();
  const lifecycle = new Lifecycle(
    database,
    {
      models: () => models,
      hosts: () => hosts,
      observed: (id) => said.get(id) ?? [],
      setDesired: (id, desired) => told.set(id, desired),
      published: () => {
        passes.count++;
      },
      report: (error) => failures.push(error),
    },
    () => 1,
  );
  return { database, models, hosts, told, said, passes, failures, lifecycle };
}

function ready(id: string, epoch: number): ObservedReplica {
  return {
    id,
    epoch,
    state: "ready",
    host: "127.0.0.1",
    port: 9000,
    pid: 1,
    started_at_ms: 1,
    restarts: 0,
    cause: "",
    detail: "",
    log_tail: [],
    ready_after_ms: 100,
  };
}

test("a host is told to run the model, and the replica waits until the host speaks of it", () => {
  const { lifecycle, told, said } = fleet();
  lifecycle.reconcile();
  const desired = told.get("host_a");
  expect(desired?.replicas).toMatchObject([{ epoch: 1, model: "demo", slots: 4 }]);
  expect(lifecycle.statuses()).toMatchObject([{ state: "waiting", observed: null }]);
  said.set("host_a", [ready(desired?.replicas[0]?.id ?? "", 1)]);
  lifecycle.reconcile();
  expect(lifecycle.statuses()).toMatchObject([{ state: "ready", observed: { port: 9000 } }]);
});

test("the generation grows only when something changed, and survives a restart", () => {
  const first = fleet();
  first.lifecycle.reconcile();
  first.lifecycle.reconcile();
  expect(first.told.get("host_a")?.generation).toBe(1);
  const second = fleet(first.database);
  second.lifecycle.reconcile();
  expect(second.told.get("host_a")).toEqual(first.told.get("host_a") as Desired);
});

test("what an older epoch reports does not count as ready", () => {
  const { lifecycle, told, said, models } = fleet();
  lifecycle.reconcile();
  const id = told.get("host_a")?.replicas[0]?.id ?? "";
  said.set("host_a", [ready(id, 1)]);
  Object.assign(models[0] as ElasticModel, { context_tokens: 8192 });
  lifecycle.reconcile();
  expect(told.get("host_a")).toMatchObject({ generation: 2, replicas: [{ id, epoch: 2 }] });
  expect(lifecycle.statuses()).toMatchObject([{ id, state: "waiting" }]);
});

test("a disabled model leaves the host with an empty set", () => {
  const { lifecycle, told, models } = fleet();
  lifecycle.reconcile();
  Object.assign(models[0] as ElasticModel, { enabled: false });
  lifecycle.reconcile();
  expect(told.get("host_a")).toEqual({ generation: 2, replicas: [] });
  expect(lifecycle.statuses()).toEqual([]);
});

test("many nudges are one pass", async () => {
  const { lifecycle, passes } = fleet();
  for (let i = 0; i < 100; i++) lifecycle.nudge();
  await new Promise((resolve) => setImmediate(() => setImmediate(resolve)));
  expect(passes.count).toBe(1);
});

test("a pass that fails is reported, and the next one works", async () => {
  const { lifecycle, models, failures, passes } = fleet();
  const turn = () => new Promise((resolve) => setImmediate(() => setImmediate(resolve)));
  const model = models.pop() as ElasticModel;
  models.push(null as unknown as ElasticModel);
  lifecycle.nudge();
  await turn();
  expect([failures.length, passes.count]).toEqual([1, 0]);
  models.splice(0, 1, model);
  lifecycle.nudge();
  await turn();
  expect([failures.length, passes.count]).toEqual([1, 1]);
});
