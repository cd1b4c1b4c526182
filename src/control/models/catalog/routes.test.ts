import { afterAll, beforeAll, expect, test } from "bun:test";
import { play, requestAs } from "../../../app/access.testbed.ts";
import type { TestHub } from "../../scheduler/sizing/hub.testbed.ts";
import type { ModelStatus } from "./listing.ts";
import { catalogHub, catalogWorld, demo, downloading } from "./routes.testbed.ts";

let hub: TestHub;
beforeAll(() => {
  hub = catalogHub();
});
afterAll(() => hub[Symbol.dispose]());

const status: ModelStatus = {
  ...downloading,
  ready_replicas: 1,
  cause: "no_capacity",
  problem: "One host is down.",
};

/** The member comes with an inference key, the others with a session. */
const world = () => catalogWorld(hub, { statusOf: () => status }).http;

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
    name: "adding a model with arguments, which only endpoints have",
    body: { source: demo.source, args: ["--temp", "0"] },
    status: adminOnly(400),
  },
  {
    ...create,
    name: "adding a model with variables, which only endpoints have",
    body: { source: demo.source, env: { TZ: "UTC" } },
    status: adminOnly(400),
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
    name: "adding a model of the hub",
    body: {
      model: "org/m-GGUF:Q4_K_M",
      name: "llama",
      hf_token: "hf_right",
      gpu: { type: "L4", count: 1 },
      slots: 2,
    },
    status: adminOnly(201),
    shows: [
      '"id":"llama"',
      '"source":"hf:org/m-GGUF@0123456789abcdef0123456789abcdef01234567:m-Q4_K_M.gguf"',
      '"asked":{"source":"org/m-GGUF:Q4_K_M","revision":null,"runtime":"auto","context_tokens":null}',
      '"gpu":{"type":"L4","count":1}',
      '"has_hf_token":true',
    ],
    hides: ["hf_right", "model_facts"],
  },
  {
    ...create,
    name: "asking only what would become of a model",
    path: "/api/models?dry_run=1",
    body: { model: "org/m-GGUF:Q4_K_M" },
    status: adminOnly(200),
    shows: ['"sizing":{', '"would_stop":[]'],
  },
  {
    ...create,
    name: "adding one of several quants without saying which",
    body: { model: "org/two" },
    status: adminOnly(400),
  },
  {
    ...create,
    name: "adding a gated model without its token",
    body: { model: "org/gated" },
    status: adminOnly(400),
  },
  {
    ...create,
    name: "adding what no host could ever take",
    body: { ...demo, name: "x", slots: 200 },
    status: adminOnly(400),
  },
  {
    name: "looking at one model",
    method: "GET",
    path: "/api/models/off",
    status: { guest: 401, viewer: 200, member: 200, admin: 200 },
    shows: ['"has_hf_token":true', '"phase":"downloading"'],
    hides: ["hf_secret"],
  },
  {
    name: "looking at a model that there is not",
    method: "GET",
    path: "/api/models/x",
    status: { guest: 401, viewer: 404, member: 404, admin: 404 },
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
    body: { name: "x", source: "org/x/y" },
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
    body: { ...demo, name: "x", contxt: 512 },
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
    concurrency: 4,
    asked: { source: demo.source, revision: null, runtime: "auto", context_tokens: null },
    gpu: { type: null, count: null },
    replicas: null,
    enabled: false,
    has_hf_token: true,
    ...status,
  });
});

test.each([
  [{ context_tokens: 512, concurrency: 2 }],
  [{ context: 512, slots: 2 }],
  [{ context: 512, context_tokens: 512, n_slots: 2 }],
])(
  "%j is one setting in every spelling, when a model is added and when it is changed",
  async (said) => {
    const { http } = catalogWorld(hub, { worldOf: () => "control" });
    const ask = async (method: string, path: string, body: object) => {
      const answer = await http.handle(requestAs("admin", method, path, body));
      return [answer.status, await answer.json()];
    };
    const shown = { context_tokens: 512, slots: 2, concurrency: 2 };
    const made = await ask("POST", "/api/models", { source: demo.source, name: "new", ...said });
    expect(made).toEqual([201, expect.objectContaining(shown)]);
    await ask("PATCH", "/api/models/new", { context_tokens: 256, slots: 1 });
    const changed = await ask("PATCH", "/api/models/new", said);
    expect(changed).toEqual([200, expect.objectContaining(shown)]);
  },
);

test.each([
  [{ context_tokens: 512, context: 256 }, "`context_tokens` and `context`", "context"],
  [{ slots: 1, n_slots: 2 }, "`slots` and `n_slots`", "n_slots"],
  [{ concurrency: 0 }, "`concurrency` must be", "concurrency"],
  [{ slots: 0 }, "`slots` must be", "slots"],
  [{ context: 1 }, "`context` must be", "context"],
])("a model with %j is refused in the words that were sent", async (said, message, param) => {
  const { http } = catalogWorld(hub, { worldOf: () => "control" });
  const sent = { source: demo.source, name: "new", ...said };
  const answer = await http.handle(requestAs("admin", "POST", "/api/models", sent));
  const { error } = await answer.json();
  expect([answer.status, error.param]).toEqual([400, param]);
  expect(error.message).toContain(message);
});
