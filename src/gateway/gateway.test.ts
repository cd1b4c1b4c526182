import { afterAll, beforeAll, expect, test } from "bun:test";
import { type GatewayUnderTest, gatewayUnderTest, hello, said } from "./gateway.testbed.ts";
import { type ScriptedServer, scriptedServer } from "./upstream/scripted-server.ts";

let server: ScriptedServer;
let under: GatewayUnderTest;
let asked = 0;

beforeAll(() => {
  server = scriptedServer((request, answer) => {
    asked++;
    answer.json(200, { ...said, path: request.path });
  });
  under = gatewayUnderTest({ ports: [server.port] });
});

afterAll(async () => {
  await under.stop();
  server.stop();
});

const withKey = { headers: { authorization: "Bearer hv_first" } };

async function refusal(response: Response) {
  const { error } = (await response.json()) as { error: Record<string, unknown> };
  expect(Object.keys(error).sort()).toEqual(["code", "message", "param", "type"]);
  expect(response.headers.get("x-request-id")).toMatch(/^req_[0-9A-Za-z]{20}$/);
  expect(response.headers.get("content-type")).toStartWith("application/json");
  return [response.status, error["code"], error["param"]];
}

test.each([
  ["/v1/chat/completions", "/v1/chat/completions", hello],
  ["/api/chat/completions", "/v1/chat/completions", hello],
  ["/v1/completions", "/v1/completions", { model: "demo", prompt: "Once" }],
  ["/v1/chat/completions?api-version=1", "/v1/chat/completions", hello],
])("%s reaches the runtime at %s", async (path, upstream, body) => {
  const response = await fetch(under.url + path, {
    method: "POST",
    headers: { ...withKey.headers, "content-type": "application/json" },
    body: JSON.stringify(body),
  });
  expect(await response.json()).toMatchObject({ path: upstream });
});

test.each(["/v1/models/%zz", "/v1/%63hat/completions"])(
  "%s, which others read as another path, is refused and reaches no runtime",
  async (path) => {
    const before = asked;
    const response = await fetch(under.url + path, { method: "POST", ...withKey, body: "{}" });
    expect(response.status).toBe(400);
    expect(asked).toBe(before);
  },
);

test("no other path reaches the runtime", async () => {
  const before = asked;
  const paths = [
    "/v1",
    "/v1/",
    "/v1/_stainless_unknown_path",
    "/v1/embedding",
    "/v1/load_lora_adapter",
    "/v1/chat/completions/",
    "/v1/chat/completions/x",
    "/v1/Chat/Completions",
    "/v1//chat/completions",
    "/v1/chat%2Fcompletions",
    "/api/d",
    "/api/d/",
    "/api/d/endpt-1",
    "/api/d/endpt-1/",
    "/api/d/endpt-1/v1",
    "/api/d/endpt-1/audio/speech",
    "/api/d/endpt-1/v1/v1/chat/completions",
    "/api/d/endpt-1/models/x",
    "/api/d/endpt-1/slots",
    "/api/d/demo/chat/completions",
    "/api/d/endpt-1%2Fchat/completions",
    `/api/d/endpt-${"x".repeat(65)}/chat/completions`,
  ];
  for (const path of paths) {
    const response = await fetch(under.url + path, { method: "POST", ...withKey });
    expect([path, ...(await refusal(response))]).toEqual([path, 404, "not_found", null]);
  }
  expect(asked).toBe(before);
});

test("paths of others are left to them", async () => {
  for (const path of [
    "/",
    "/metrics",
    "/slots",
    "/api/models",
    "/v11/models",
    "/api/v1/models",
    "/api/data",
  ]) {
    expect((await fetch(under.url + path)).status).toBe(418);
  }
});

test("a wrong method is told the right one", async () => {
  const get = await fetch(`${under.url}/v1/chat/completions`);
  expect(get.headers.get("allow")).toBe("POST");
  expect(await refusal(get)).toEqual([405, "method_not_allowed", null]);
  const post = await fetch(`${under.url}/v1/models`, { method: "POST" });
  expect(post.headers.get("allow")).toBe("GET");
  expect(await refusal(post)).toEqual([405, "method_not_allowed", null]);
});

test("models are listed and found, also by a name with a slash", async () => {
  const list = await fetch(`${under.url}/v1/models`, withKey);
  expect(list.headers.get("x-request-id")).toMatch(/^req_/);
  const demo = { id: "demo", object: "model", created: 1_700_000_000, owned_by: "hypervize" };
  expect(await list.json()).toEqual({
    object: "list",
    data: [demo, { ...demo, id: "org/sleeper", created: 0 }],
  });
  for (const name of ["org/sleeper", "org%2Fsleeper"]) {
    const one = await fetch(`${under.url}/v1/models/${name}`, withKey);
    expect(await one.json()).toMatchObject({ id: "org/sleeper" });
  }
  const none = await fetch(`${under.url}/v1/models/nope`, withKey);
  expect(await refusal(none)).toEqual([404, "model_not_found", "model"]);
});

test("without a key, or with a wrong one, nothing is answered", async () => {
  for (const path of ["/v1/models", "/v1/models/demo"]) {
    expect(await refusal(await fetch(under.url + path))).toEqual([401, null, null]);
  }
  const headers = { "content-type": "application/json" };
  expect(await refusal(await under.post(hello, { headers }))).toEqual([401, null, null]);
  const wrong = { ...headers, authorization: "Bearer hv_wrong" };
  const response = await under.post(hello, { headers: wrong });
  expect(response.headers.get("www-authenticate")).toBe("Bearer");
  expect(await refusal(response)).toEqual([401, "invalid_api_key", null]);
});

test.each([
  ["text/plain", 415],
  ["application/x-www-form-urlencoded", 415],
  ["application/jsonp", 415],
  ["application/json; charset=utf-8", 200],
  ["Application/JSON", 200],
])("content type %s is answered with %d", async (type, status) => {
  const headers = { ...withKey.headers, "content-type": type };
  expect((await under.post(hello, { headers })).status).toBe(status);
});

test("a compressed body is refused in words", async () => {
  const headers = {
    ...withKey.headers,
    "content-type": "application/json",
    "content-encoding": "gzip",
  };
  const body = Bun.gzipSync(JSON.stringify(hello));
  expect(await refusal(await under.post("", { headers, body }))).toEqual([415, null, null]);
});

test("a body that is wrong is refused before it reaches routing", async () => {
  const rowsBefore = (await under.rows(0)).length;
  expect(await refusal(await under.post("{"))).toEqual([400, null, null]);
  expect(await refusal(await under.post({ ...hello, messages: [] }))).toEqual([
    400,
    null,
    "messages",
  ]);
  expect((await under.rows(0)).length).toBe(rowsBefore);
});

test("what routing refuses has a row as well", async () => {
  const count = (await under.rows(0)).length;
  const unknown = await under.post({ ...hello, model: "nope" });
  expect(await refusal(unknown)).toEqual([404, "model_not_found", "model"]);
  const starting = await under.post({ ...hello, model: "org/sleeper", stream: true });
  expect(starting.headers.get("retry-after")).toBe("5");
  expect(await refusal(starting)).toEqual([503, "model_starting", null]);
  expect((await under.rows(count + 2)).slice(count)).toMatchObject([
    { model: "nope", status: 404, replica: null, stream: false, prompt_tokens: 0 },
    { model: "org/sleeper", status: 503, replica: null, stream: true, prompt_tokens: 0 },
  ]);
});

test("a fault of our own is reported, answered without details, and has its row", async () => {
  const broken = gatewayUnderTest({ ports: [server.port] });
  const claim = broken.routing.claim;
  broken.routing.claim = () => {
    throw new TypeError("secret detail");
  };
  const response = await broken.post(hello);
  expect(response.status).toBe(500);
  expect(await response.text()).not.toContain("secret");
  expect(broken.reports.map(String)).toEqual(["TypeError: secret detail"]);
  expect(await broken.rows(1)).toMatchObject([{ status: 500 }]);
  broken.routing.claim = claim;
  expect((await broken.post(hello)).status).toBe(200);
  await broken.stop();
});

test("every request has an id of its own", async () => {
  const answers = await Promise.all(Array.from({ length: 50 }, () => under.post(hello)));
  expect(new Set(answers.map(({ headers }) => headers.get("x-request-id"))).size).toBe(50);
});
