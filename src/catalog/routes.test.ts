import { expect, test } from "bun:test";
import { guard, httpWith, play, requestAs } from "../access.testbed.ts";
import { openDatabase } from "../storage/database.ts";
import { Catalog } from "./catalog.ts";
import { catalogRoutes } from "./routes.ts";

const demo = { name: "org/demo", source: "builtin:hypervize-demo" };

/** The member comes with an inference key, the others with a session. */
function world() {
  const catalog = new Catalog(openDatabase(":memory:"), () => 5000);
  catalog.create(demo);
  catalog.create({ ...demo, name: "off", enabled: false });
  return httpWith([
    catalogRoutes({
      catalog,
      guard,
      worldOf: (request) => (guard(request, "viewer").role === "member" ? "inference" : "control"),
      usableBy: () => catalog.list().filter(({ enabled }) => enabled),
      statusOf: () => ({ ready_replicas: 1, starting_replicas: 2, problem: "One host is down." }),
    }),
  ]);
}

const adminOnly = (status: number) => ({ guest: 401, viewer: 403, member: 403, admin: status });
const create = { method: "POST", path: "/api/models" };
const change = { method: "PATCH", path: "/api/models/org%2Fdemo" };

play(world, [
  {
    name: "listing models",
    method: "GET",
    path: "/api/models",
    status: { guest: 401, viewer: 200, member: 200, admin: 200 },
    shows: ['"id":"org/demo","object":"model","created":5,"owned_by":"hypervize"'],
    hidesFrom: { member: ["off", "mdl_", "source", "problem", "ready_replicas"] },
  },
  {
    ...create,
    name: "adding a model",
    body: { name: "new", source: "file:///models/new.gguf", replicas: 3 },
    status: adminOnly(201),
    shows: [
      '"model_id":"mdl_',
      '"replicas":3',
      '"problem":"One host is down."',
      '"starting_replicas":2',
    ],
  },
  {
    ...create,
    name: "adding a model by the word `model`, without a name",
    body: { model: "file:///models/tiny-q4.gguf" },
    status: adminOnly(201),
    shows: ['"id":"tiny-q4"', '"source":"file:///models/tiny-q4.gguf"'],
  },
  {
    ...create,
    name: "adding a model without a source",
    body: { name: "x" },
    status: adminOnly(400),
  },
  { ...create, name: "adding a taken name", body: demo, status: adminOnly(409) },
  {
    ...create,
    name: "adding an unsupported source",
    body: { name: "x", source: "org/x" },
    status: adminOnly(400),
  },
  {
    ...create,
    name: "adding with a wrong runtime",
    body: { ...demo, name: "x", runtime: "vllm" },
    status: adminOnly(400),
  },
  {
    ...create,
    name: "adding with text for a number",
    body: { ...demo, name: "x", slots: "4" },
    status: adminOnly(400),
  },
  {
    ...create,
    name: "adding with a misspelt field",
    body: { ...demo, name: "x", context: 1 },
    status: adminOnly(400),
  },
  {
    ...change,
    name: "changing a model by its name",
    body: { enabled: false, replicas: null },
    status: adminOnly(200),
    shows: ['"enabled":false', '"replicas":null'],
  },
  { ...change, name: "changing to too many slots", body: { slots: 1000 }, status: adminOnly(400) },
  {
    name: "removing a model by its name",
    method: "DELETE",
    path: "/api/models/org%2Fdemo",
    status: adminOnly(204),
  },
  {
    name: "removing a model that there is not",
    method: "DELETE",
    path: "/api/models/x",
    status: adminOnly(404),
  },
]);

test("a session sees every field that the dashboard shows", async () => {
  const response = await world().handle(requestAs("viewer", "GET", "/api/models"));
  const { object, data } = await response.json();
  expect([object, data.length]).toEqual(["list", 2]);
  expect(data[1]).toEqual({
    id: "off",
    object: "model",
    created: 5,
    owned_by: "hypervize",
    model_id: expect.stringMatching(/^mdl_/),
    source: demo.source,
    runtime: "llama-server",
    context_tokens: 4096,
    slots: 4,
    replicas: null,
    enabled: false,
    ready_replicas: 1,
    starting_replicas: 2,
    problem: "One host is down.",
  });
});
