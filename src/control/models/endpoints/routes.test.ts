import { expect, test } from "bun:test";
import { play } from "../../../app/access.testbed.ts";
import { changeOf, decide, demo } from "./endpoints.testbed.ts";
import { populated, worldWith } from "./routes.testbed.ts";

const world = () => populated().http;
const hides = ["hf_secret", "v1.", "hf_token_sealed"];
const every = (status: number) => ({ guest: 401, viewer: status, member: status, admin: status });

/** What each role may do with the endpoints of the admin, and the member with their own. */
const path = (name: string) => `/api/endpoints/${name}`;
const seeing = {
  "admin-private": { guest: 401, viewer: 404, member: 404, admin: 200 },
  "admin-team": { guest: 401, viewer: 404, member: 200, admin: 200 },
  "admin-public": { guest: 401, viewer: 200, member: 200, admin: 200 },
  "member-private": { guest: 401, viewer: 404, member: 200, admin: 200 },
};
const changing = {
  "admin-private": { guest: 401, viewer: 403, member: 404, admin: 202 },
  "admin-team": { guest: 401, viewer: 403, member: 403, admin: 202 },
  "admin-public": { guest: 401, viewer: 403, member: 403, admin: 202 },
  "member-private": { guest: 401, viewer: 403, member: 202, admin: 202 },
};

for (const [name, status] of Object.entries(seeing)) {
  const ofAdmin = name.startsWith("admin");
  const secret = [`hunter2-${name}`];
  play(
    world,
    ["", "/events", "/metrics?metric=inflight", "/usage"].map((part) => ({
      name: `reading ${name}${part}`,
      method: "GET",
      path: path(name) + part,
      status,
      hides,
      hidesFrom: { guest: secret, viewer: secret, ...(ofAdmin && { member: secret }) },
    })),
  );
}

for (const [name, status] of Object.entries(changing)) {
  const ok = (code: number) =>
    Object.fromEntries(
      Object.entries(status).map(([role, each]) => [role, each === 202 ? code : each]),
    ) as typeof status;
  play(world, [
    {
      name: `deleting ${name}`,
      method: "DELETE",
      path: path(name),
      status,
      hides,
      shows: ['"status":"deleting"'],
    },
    {
      name: `renaming ${name}`,
      method: "PATCH",
      path: path(name),
      body: { name: "new" },
      status: ok(200),
      hides,
      shows: ['"name":"new"'],
    },
    ...(["pause", "resume", "sleep", "wake"] as const).map((order) => ({
      name: `${order} of ${name}`,
      method: "POST",
      path: `${path(name)}/${order}`,
      status,
      hides,
    })),
    {
      name: `logs of ${name}`,
      method: "GET",
      path: `${path(name)}/logs?replica=rep_x`,
      // Viewers may read of endpoints, so for logs it is the endpoint that decides.
      status: { ...ok(404), viewer: name === "admin-public" ? 403 : 404 },
    },
  ]);
}

const memberAnd = (status: number) => ({ guest: 401, viewer: 403, member: status, admin: status });
const provision = { method: "POST", path: "/api/provision", hides };
play(world, [
  {
    name: "listing endpoints",
    method: "GET",
    path: "/api/endpoints",
    status: every(200),
    hides,
    shows: ["admin-public", '"API_KEY":"'],
    hidesFrom: {
      viewer: ["private", "team", "hunter2"],
      member: ["admin-private", "hunter2-admin"],
    },
  },
  {
    ...provision,
    name: "provisioning",
    body: { model: demo },
    status: memberAnd(202),
    shows: ['"status":"building"'],
  },
  {
    ...provision,
    name: "a dry run",
    path: "/api/provision?dry_run=1",
    body: { model: demo },
    status: memberAnd(200),
    shows: ['"would_stop":[]', '"host_name":"alpha"', '"verdict":"fits"'],
  },
  { ...provision, name: "no model", body: {}, status: memberAnd(400) },
  {
    ...provision,
    name: "a misspelt field",
    body: { model: demo, contxt: 1 },
    status: memberAnd(400),
  },
  {
    ...provision,
    name: "a runtime that there is not",
    body: { model: demo, runtime: "tgi" },
    status: memberAnd(400),
  },
  {
    ...provision,
    name: "min above max",
    body: { model: demo, min_replicas: 2 },
    status: memberAnd(400),
  },
  {
    ...provision,
    name: "a model that there is not",
    body: { model: "builtin:x" },
    status: memberAnd(400),
  },
  {
    ...provision,
    name: "an argument that is not allowed",
    body: { model: demo, args: ["--host", "0.0.0.0"] },
    status: memberAnd(400),
  },
  {
    ...provision,
    name: "a taken name",
    body: { model: demo, name: "admin-team" },
    status: memberAnd(409),
  },
  {
    ...provision,
    name: "a wrong dry run",
    path: "/api/provision?dry_run=maybe",
    body: { model: demo },
    status: memberAnd(400),
  },
  { name: "reading what there is not", method: "GET", path: path("nothing"), status: every(404) },
  {
    name: "too many events",
    method: "GET",
    path: `${path("admin-public")}/events?limit=5000`,
    status: every(400),
  },
  {
    name: "a metric that is no name",
    method: "GET",
    path: `${path("admin-public")}/metrics?metric=a;b`,
    status: every(400),
  },
]);

test("a session sees every field of the contract, with addresses to ask", async () => {
  const { ask, endpoints, database } = worldWith();
  const made = await (
    await ask("member", "POST", "/api/provision", { model: demo, name: "chat" })
  ).json();
  const before = endpoints.existing("chat");
  const wake = { depth: "stopped" as const, duration_ms: 900 };
  decide(database, endpoints, [changeOf(before, { last_active_at: 3000 }, { wake })]);
  const url = `http://appliance/api/d/${made.id}`;
  const { sizing, ...view } = await (await ask("member", "GET", "/api/endpoints/chat")).json();
  expect(sizing).toMatchObject({ verdict: "fits", gpu: expect.any(String), context: 8192 });
  expect(view).toEqual({
    id: made.id,
    name: "chat",
    url,
    openai_base_url: `${url}/v1`,
    owner_email: "member@example.org",
    created_at: 5000,
    status: "building",
    since: 5000,
    depth: null,
    l1_timeout_s: 0,
    phase: "loading",
    progress: null,
    intent: "run",
    cause: "",
    detail: "",
    log_tail: [],
    model: demo,
    revision: null,
    task: null,
    runtime: "auto",
    gpu: { type: null, count: null },
    context: null,
    context_tokens: null,
    concurrency: 4,
    min_replicas: 0,
    measured: null,
    max_replicas: 1,
    idle_timeout_s: 600,
    cold_start: "hold",
    labels: {},
    env: {},
    args: [],
    visibility: "private",
    has_hf_token: false,
    generation: 1,
    target_replicas: 1,
    ready_replicas: 1,
    inflight: 1,
    waiting: 2,
    runs: { runtime: "llama-server", source: demo, context_tokens: 8192 },
    placement: [{ replica: "rep_1", host_id: "host_a", host_name: "alpha", devices: ["cpu"] }],
    replicas: [
      {
        id: "rep_1",
        host_id: "host_a",
        host_name: "alpha",
        state: "ready",
        phase: "",
        detail: "",
        restarts: 0,
        inflight: 0,
        started_at_ms: 1,
        ready_after_ms: 2,
      },
    ],
    last_active_at: 4000,
    wake: { depth: "stopped", count: 1, p50_ms: 900, p95_ms: 900 },
  });
});

test("only those who may change it read the values of its variables and its last words", async () => {
  const { ask, endpoints, database } = populated();
  const failed = { status: "failed" as const, log_tail: ["the last words"] };
  decide(database, endpoints, [changeOf(endpoints.existing("member-public"), failed)]);
  const view = async (as: "viewer" | "member") =>
    (await ask(as, "GET", "/api/endpoints/member-public")).json();
  expect(await view("member")).toMatchObject({
    env: { API_KEY: "hunter2-member-public" },
    log_tail: ["the last words"],
    has_hf_token: true,
  });
  expect(await view("viewer")).toMatchObject({ env: { API_KEY: "…" }, log_tail: [] });
});

test("usage is everybody's for those who may change the endpoint, and one's own for others", async () => {
  const { ask } = populated();
  const whose = async (as: "viewer" | "member" | "admin", name: string) =>
    (await (await ask(as, "GET", `/api/endpoints/${name}/usage?by=hour&from=1`)).json()).whose;
  expect(await whose("member", "member-team")).toBeNull();
  expect(await whose("admin", "member-team")).toBeNull();
  expect(await whose("member", "admin-team")).toBe("member@example.org");
  expect(await whose("viewer", "admin-public")).toBe("viewer@example.org");
});

test("metrics are asked by name, period and resolution", async () => {
  const { ask } = populated();
  const query = "metric=inflight,ttft_p95_ms&from=1&to=2&resolution=hour";
  const answer = await (
    await ask("admin", "GET", `/api/endpoints/admin-team/metrics?${query}`)
  ).json();
  expect(answer.query).toEqual({
    metrics: ["inflight", "ttft_p95_ms"],
    from: 1,
    to: 2,
    resolution: "hour",
  });
});
