import { expect, test } from "bun:test";
import type { Desired, Observed } from "../../../../agent/contract/protocol/messages.ts";
import type { Endpoint } from "../../models/endpoints/endpoint.ts";
import { type Database, openDatabase } from "../../storage/database.ts";
import type { Decision } from "./dedicated/situation.ts";
import type { ElasticModel } from "./elastic.ts";
import { endpointWith, hostWith, modelWith, observedWith } from "./lifecycle.testbed.ts";
import { Lifecycle } from "./reconcile.ts";

const storeAccess = {
  endpoint: "http://store",
  region: "",
  access_key_id: "id",
  path_style: true,
  secret_access_key: "s3_secret",
};

/** A fleet of one host on paper: what it was told last, and what it says. */
function fleet(database: Database = openDatabase(":memory:")) {
  const models: ElasticModel[] = [modelWith({ replicas: 1 })];
  const endpoints = new Map<string, Endpoint>();
  const store = { ...storeAccess };
  const passes = { count: 0 };
  const failures: unknown[] = [];
  const told = new Map<string, Desired>();
  const said = new Map<string, Observed>();
  const announced: Decision[] = [];
  const lifecycle = new Lifecycle(
    database,
    {
      observe: () => ({
        models,
        endpoints: [...endpoints.values()],
        hosts: [hostWith("host_a", { observed: said.get("host_a") ?? null })],
        demandOf: () => ({ inflight: 0, waiting: 0, last_active_at: 0 }),
        ttftOf: () => null,
        inflightOf: () => 0,
        fitOf: () => null,
      }),
      rules: () => ({ placing_timeout_ms: 1000, unready_timeout_ms: 1000 }),
      endpoints: {
        write: () => undefined,
        keep(changes) {
          for (const { endpoint_id, standing } of changes) {
            const endpoint = endpoints.get(endpoint_id);
            if (endpoint && standing) endpoints.set(endpoint_id, { ...endpoint, standing });
          }
        },
      },
      announce: (changes) => announced.push(...changes),
      s3Access: () => ({ ...store }),
      tokenOf: (owner) => (owner === "endpt-1" ? "hf_secret" : ""),
      setDesired: (id, desired) => told.set(id, desired),
      published: () => {
        passes.count++;
      },
      report: (error) => failures.push(error),
    },
    () => 1,
  );
  const say = (state: "ready" | "starting" = "ready") => {
    const { generation, replicas } = told.get("host_a") ?? { generation: 0, replicas: [] };
    const seen = replicas.map(({ id, epoch }) => observedWith({ id, epoch, state, port: 9000 }));
    said.set("host_a", { generation, replicas: seen, sources: [] });
  };
  const rest = { passes, failures, announced, lifecycle, store };
  return { database, models, endpoints, told, said, say, ...rest };
}

test("a host is told to run the model, and the replica waits until the host speaks of it", () => {
  const { lifecycle, told, say } = fleet();
  lifecycle.reconcile();
  expect(told.get("host_a")?.replicas).toMatchObject([{ epoch: 1, model: "demo", slots: 4 }]);
  expect(lifecycle.statuses()).toMatchObject([{ state: "waiting", observed: null }]);
  say();
  lifecycle.reconcile();
  expect(lifecycle.statuses()).toMatchObject([{ state: "ready", observed: { port: 9000 } }]);
});

test("an endpoint gets its replica with its token, and is up when that is ready", () => {
  const { lifecycle, told, say, models, endpoints, announced, database } = fleet();
  models.length = 0;
  endpoints.set("endpt-1", endpointWith());
  lifecycle.reconcile();
  expect(told.get("host_a")?.replicas).toMatchObject([{ model: "endpt-1", hf_token: "hf_secret" }]);
  expect(JSON.stringify(database.$client.prepare("select * from replicas").all())).not.toContain(
    "hf_secret",
  );
  say();
  lifecycle.reconcile();
  expect(endpoints.get("endpt-1")?.standing.status).toBe("up");
  expect(announced.map(({ transition }) => transition?.to)).toEqual(["up"]);
});

test("only a replica from S3 gets what opens the store, which is kept nowhere, and hears when that changes", () => {
  const { lifecycle, told, models, database, store } = fleet();
  models.push({ ...models[0], id: "mdl_2", name: "far", source: "s3://b/m:Q4" } as ElasticModel);
  lifecycle.reconcile();
  const access = () =>
    told.get("host_a")?.replicas.map(({ model, s3 }) => [model, s3?.secret_access_key]);
  expect(access()).toEqual([
    ["demo", undefined],
    ["far", "s3_secret"],
  ]);
  const written = JSON.stringify(database.$client.prepare("select * from replicas").all());
  expect(written).toContain("s3://b/m:Q4");
  expect(written).not.toContain("s3_secret");
  store.secret_access_key = "other";
  lifecycle.reconcile();
  expect(access()?.[1]).toEqual(["far", "s3_secret"]);
  lifecycle.resync();
  lifecycle.reconcile();
  expect(access()?.[1]).toEqual(["far", "other"]);
  expect(told.get("host_a")).toMatchObject({
    generation: 1,
    replicas: [{ epoch: 1 }, { epoch: 1 }],
  });
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
  const { lifecycle, told, say, models } = fleet();
  lifecycle.reconcile();
  say();
  Object.assign(models[0] as ElasticModel, { context_tokens: 8192 });
  lifecycle.reconcile();
  expect(told.get("host_a")).toMatchObject({ generation: 2, replicas: [{ epoch: 2 }] });
  expect(lifecycle.statuses()).toMatchObject([{ state: "waiting" }]);
});

test("a disabled model leaves the host with an empty set, and its row when the host has said so", () => {
  const { lifecycle, told, say, models } = fleet();
  lifecycle.reconcile();
  say();
  Object.assign(models[0] as ElasticModel, { enabled: false });
  lifecycle.reconcile();
  expect(told.get("host_a")).toEqual({ generation: 2, replicas: [] });
  expect(lifecycle.statuses()).toHaveLength(1);
  say();
  lifecycle.reconcile();
  expect(lifecycle.statuses()).toEqual([]);
});

test("many triggers are one pass", async () => {
  const { lifecycle, passes } = fleet();
  for (let i = 0; i < 100; i++) lifecycle.trigger();
  await new Promise((resolve) => setImmediate(() => setImmediate(resolve)));
  expect(passes.count).toBe(1);
});

test("a pass that fails is reported, and the next one works", async () => {
  const { lifecycle, models, failures, passes } = fleet();
  const turn = () => new Promise((resolve) => setImmediate(() => setImmediate(resolve)));
  const model = models.pop() as ElasticModel;
  models.push(null as unknown as ElasticModel);
  lifecycle.trigger();
  await turn();
  expect([failures.length, passes.count]).toEqual([1, 0]);
  models.splice(0, 1, model);
  lifecycle.trigger();
  await turn();
  expect([failures.length, passes.count]).toEqual([1, 1]);
});
