/** A Dedicated endpoint under its own address, and as a model name beside the shared pool. */
import { afterAll, beforeAll, beforeEach, expect, test } from "bun:test";
import {
  dedicated,
  frames,
  type GatewayUnderTest,
  gatewayUnderTest,
  hello,
  readyReplica,
  said,
} from "./gateway.testbed.ts";
import { type ScriptedServer, scriptedServer } from "./upstream/scripted-server.ts";

let server: ScriptedServer;
let under: GatewayUnderTest;
let asked: { path: string; body: string }[] = [];

const answer = { ...said, model: "served" };

beforeAll(() => {
  server = scriptedServer(({ path, body }, answering) => {
    asked.push({ path, body });
    answering.json(200, answer);
  });
  under = gatewayUnderTest({ ports: [] });
});

const served = () => ({ ...readyReplica("rep_d", server.port), model: "served" });

beforeEach(() => {
  asked = [];
  under.publish(dedicated("up", [served()]));
});

afterAll(async () => {
  await under.stop();
  server.stop();
});

const post = (path: string, body: unknown, key = "hv_first") =>
  fetch(under.url + path, {
    method: "POST",
    headers: { authorization: `Bearer ${key}`, "content-type": "application/json" },
    body: JSON.stringify(body),
  });

const list = async (path: string, key = "hv_first") => {
  const response = await fetch(under.url + path, { headers: { authorization: `Bearer ${key}` } });
  const { data = [] } = (await response.json()) as { data?: { id: string }[] };
  return [response.status, ...data.map(({ id }) => id)];
};

async function refusal(response: Response) {
  const { error } = (await response.json()) as { error: Record<string, unknown> };
  return [response.status, error["code"], error["param"]];
}

const { messages } = hello;

test.each<[string, object, string]>([
  ["/api/d/endpt-1/chat/completions", { messages }, "/v1/chat/completions"],
  ["/api/d/endpt-1/v1/chat/completions", { messages, model: "gpt-4o" }, "/v1/chat/completions"],
  ["/api/d/endpt-1/completions", { prompt: "Once", model: 7 }, "/v1/completions"],
  ["/api/d/endpt-1/v1/completions?a=b", { prompt: "Once", model: "" }, "/v1/completions"],
])("%s is answered whatever the body says of the model", async (path, body, upstream) => {
  expect(await (await post(path, body)).json()).toEqual(answer);
  expect(asked).toHaveLength(1);
  expect(asked[0]?.path).toBe(upstream);
  expect(JSON.parse(asked[0]?.body ?? "")).toEqual({ ...body, model: "served" });
});

test("its rows say which endpoint it was, and its name", async () => {
  const count = (await under.rows(0)).length;
  await post("/api/d/endpt-1/chat/completions", { messages, model: "anything" });
  await post("/v1/chat/completions", { messages, model: "mine" });
  await post("/v1/chat/completions", { messages, model: "endpt-1" });
  await post("/api/d/endpt-none/chat/completions", { messages, model: "anything" });
  const row = { model: "mine", endpoint: "endpt-1", replica: "rep_d", status: 200 };
  const none = { model: "endpt-none", endpoint: null, replica: null, status: 404 };
  expect((await under.rows(count + 4)).slice(count)).toMatchObject([row, row, row, none]);
});

test("it lists the one model, by its id, also while it sleeps", async () => {
  under.publish(dedicated("sleeping"));
  for (const path of ["/api/d/endpt-1/models", "/api/d/endpt-1/v1/models"]) {
    expect(await list(path)).toEqual([200, "endpt-1"]);
  }
  expect(under.routing.demand("endpt-1").waiting).toBe(0);
});

test.each<["private" | "team" | "public", string, string[]]>([
  ["private", "hv_second", ["demo", "org/sleeper"]],
  ["private", "hv_admin", ["demo", "org/sleeper", "mine"]],
  ["team", "hv_second", ["demo", "org/sleeper", "mine"]],
  ["team", "hv_viewer", []],
  ["public", "hv_viewer", ["mine"]],
])("a %s one is listed and answers accordingly for %s", async (visibility, key, names) => {
  under.publish(dedicated("up", [served()], { visibility }));
  expect(await list("/v1/models", key)).toEqual([200, ...names]);
  const expected = names.includes("mine") ? 200 : 404;
  for (const path of ["/api/d/endpt-1/chat/completions", "/v1/chat/completions"]) {
    expect((await post(path, { messages, model: "mine" }, key)).status).toBe(expected);
  }
  expect((await list("/api/d/endpt-1/models", key))[0]).toBe(expected);
  expect((await list("/v1/models/mine", key))[0]).toBe(expected);
});

test("a viewer is told why the shared pool is closed", async () => {
  const response = await post("/v1/chat/completions", hello, "hv_viewer");
  expect(await refusal(response)).toEqual([403, "permission_denied", null]);
});

test("an unknown endpoint is 404 in the envelope, and needs a key", async () => {
  const path = "/api/d/endpt-none/chat/completions";
  expect(await refusal(await post(path, hello))).toEqual([404, "model_not_found", "model"]);
  expect(await refusal(await post(path, hello, "hv_wrong"))).toEqual([
    401,
    "invalid_api_key",
    null,
  ]);
});

test("what is wrong with the rest of the body is still refused", async () => {
  const path = "/api/d/endpt-1/chat/completions";
  expect(await refusal(await post(path, { messages: [] }))).toEqual([400, null, "messages"]);
  expect(await refusal(await post(path, []))).toEqual([400, null, null]);
  expect(asked).toEqual([]);
});

test.each<["paused" | "failed" | "building", string, Record<string, string>]>([
  ["paused", "endpoint_paused", { "x-should-retry": "false" }],
  ["failed", "endpoint_failed", { "x-should-retry": "false" }],
  ["building", "model_starting", { "retry-after": "30" }],
])("while it is %s the answer is 503 %s", async (standing, code, headers) => {
  under.publish(dedicated(standing, [], { cause: standing === "failed" ? "disk_full" : "" }));
  const response = await post("/api/d/endpt-1/chat/completions", { messages, stream: true });
  expect(Object.fromEntries(response.headers)).toMatchObject(headers);
  expect(await refusal(response)).toEqual([503, code, null]);
});

test("its first replica fails, its second answers", async () => {
  const dead = scriptedServer(() => undefined);
  dead.stop();
  under.publish(dedicated("up", [readyReplica("rep_dead", dead.port), served()]));
  for (const _ of [1, 2]) {
    expect((await post("/api/d/endpt-1/chat/completions", { messages })).status).toBe(200);
  }
  expect(under.routing.demand("endpt-1").inflight).toBe(0);
});

test("a stream goes on when its replica takes nothing new any more", async () => {
  const draining = Promise.withResolvers<void>();
  const old = scriptedServer((_, answering) => {
    answering.startStream();
    answering.chunk(frames.word("half "));
    void draining.promise.then(() => {
      answering.chunk(frames.word("whole") + frames.stop + frames.done);
      answering.finish();
    });
  });
  under.publish(dedicated("up", [readyReplica("rep_old", old.port)]));
  const open = await post("/api/d/endpt-1/chat/completions", { messages, stream: true });
  under.publish(dedicated("updating", [served()]));
  const next = await post("/api/d/endpt-1/chat/completions", { messages });
  expect(await next.json()).toEqual(answer);
  expect(under.routing.inflight("rep_old")).toBe(1);
  draining.resolve();
  expect(await open.text()).toEndWith(frames.word("whole") + frames.stop + frames.done);
  expect(under.routing.inflight("rep_old")).toBe(0);
  old.stop();
});
