import { afterAll, expect, test } from "bun:test";
import { Elysia, t } from "elysia";
import { closed, wholeNumber } from "../control/route-schema.ts";
import { openDatabase } from "../control/storage/database.ts";
import { Failure } from "../shared/failure.ts";
import { expectEnvelope, httpWith, requestAs } from "./access.testbed.ts";

const lines: string[] = [];
const database = openDatabase(":memory:");
database.$client.exec("create table filler (bytes blob)");

const things = new Elysia()
  .get("/api/crash", () => {
    throw new Error("the inside");
  })
  .get("/api/refuse", () => {
    throw new Failure(409, "It is taken.", { code: "taken", headers: { "retry-after": "3" } });
  })
  .post("/api/fill", () => {
    database.$client.pragma("max_page_count = 1");
    database.$client.prepare("insert into filler values (zeroblob(1000000))").run();
  })
  .post("/api/things/:id", ({ body, params }) => ({ ...body, id: params.id }), {
    body: t.Object(
      {
        password: t.String(),
        kind: t.Optional(t.Union([t.Literal("a"), t.Literal("b")])),
        size: t.Optional(t.Union([t.Number(), t.Null()])),
        count: t.Optional(t.Union([wholeNumber([1, 9]), t.Null()])),
        share: t.Optional(t.Number({ exclusiveMinimum: 0, maximum: 1 })),
        inside: t.Optional(t.Union([t.Object({ of: t.String() }, closed), t.Null()])),
        list: t.Optional(t.Array(t.Object({ at: t.Number() }), { maxItems: 2 })),
      },
      { additionalProperties: false },
    ),
  })
  .get("/api/things", ({ query }) => query, {
    query: t.Object({ limit: t.Optional(t.Numeric()) }, { additionalProperties: false }),
  });

/** What a test puts here is waited for before a change is answered. */
let durable: () => Promise<void> = async () => {};
const http = httpWith(
  [things],
  (line) => lines.push(line),
  () => durable(),
);
const server = Bun.serve({ port: 0, hostname: "127.0.0.1", fetch: (r) => http.handle(r) });
afterAll(() => server.stop(true));

async function ask(method: string, path: string, body?: unknown) {
  const response = await http.handle(requestAs("guest", method, path, body));
  const text = await response.text();
  if (response.status >= 400) expectEnvelope(text);
  return { status: response.status, json: JSON.parse(text), response };
}

const refusals: [name: string, body: unknown, param: string | null, message: string][] = [
  ["JSON that is cut off", '{"password":', null, "The body is not valid JSON."],
  [
    "no body",
    undefined,
    null,
    "Send a JSON object with the header `content-type: application/json`.",
  ],
  ["an array", [1], null, "Send a JSON object with the header `content-type: application/json`."],
  ["null", "null", null, "Send a JSON object with the header `content-type: application/json`."],
  ["a missing field", {}, "password", "`password` is missing."],
  ["a wrong type", { password: 123456789 }, "password", "`password` must be text."],
  ["a wrong choice", { password: "x", kind: "c" }, "kind", '`kind` must be "a" or "b".'],
  ["a wrong nullable", { password: "x", size: "big" }, "size", "`size` must be a number or null."],
  [
    "too much",
    { password: "x", count: 10 },
    "count",
    "`count` must be a whole number from 1 to 9 or null.",
  ],
  [
    "a part",
    { password: "x", count: 1.5 },
    "count",
    "`count` must be a whole number from 1 to 9 or null.",
  ],
  [
    "text for a number",
    { password: "x", count: "2" },
    "count",
    "`count` must be a whole number from 1 to 9 or null.",
  ],
  [
    "too small a share",
    { password: "x", share: 0 },
    "share",
    "`share` must be a number above 0 and at most 1.",
  ],
  [
    "a wrong field inside",
    { password: "x", inside: { of: 1 } },
    "inside.of",
    "`inside.of` must be text.",
  ],
  ["a missing field inside", { password: "x", inside: {} }, "inside.of", "`inside.of` is missing."],
  [
    "an unknown field inside",
    { password: "x", inside: { of: "a", "b/c": 1 } },
    "inside.b/c",
    "`inside.b/c` is not a field of this request.",
  ],
  [
    "text for an object",
    { password: "x", inside: "a" },
    "inside",
    "`inside` must be an object or null.",
  ],
  [
    "a list for an object",
    { password: "x", inside: [] },
    "inside",
    "`inside` must be an object or null.",
  ],
  [
    "a wrong field in a list",
    { password: "x", list: [{ at: 1 }, { at: "x" }] },
    "list.1.at",
    "`list.1.at` must be a number.",
  ],
  [
    "a long list",
    { password: "x", list: [{ at: 1 }, { at: 1 }, { at: 1 }] },
    "list",
    "`list` must be a list of at most 2.",
  ],
  [
    "an unknown field",
    { password: "x", sice: 1 },
    "sice",
    "`sice` is not a field of this request.",
  ],
];

for (const [name, body, param, message] of refusals) {
  test(`${name} is refused with a sentence that names the field`, async () => {
    const { status, json } = await ask("POST", "/api/things/1", body);
    expect([status, json.error.param, json.error.message]).toEqual([400, param, message]);
  });
}

test("a submitted secret is never repeated", async () => {
  const { response, json } = await ask("POST", "/api/things/1", { password: ["hunter2 hunter2"] });
  expect(response.status).toBe(400);
  expect(JSON.stringify(json)).not.toContain("hunter2");
});

test("a query parameter of the wrong kind is named, a good one is a number", async () => {
  const wrong = await ask("GET", "/api/things?limit=ten");
  expect(wrong.json.error.message).toBe("`limit` must be a number.");
  expect((await ask("GET", "/api/things?limit=10")).json).toEqual({ limit: 10 });
});

test("what nobody serves is a 404 with the envelope, whatever the method", async () => {
  expect((await ask("GET", "/api/nothing")).json.error.message).toBe(
    "There is no GET /api/nothing here.",
  );
  expect((await ask("DELETE", "/api/health")).status).toBe(404);
});

test("a failure keeps its status, code and headers", async () => {
  const { response, json } = await ask("GET", "/api/refuse");
  expect([response.status, response.headers.get("retry-after")]).toEqual([409, "3"]);
  expect(json.error.code).toBe("taken");
});

test("an unexpected error tells the client only the request id, and the log the rest", async () => {
  const { response, json } = await ask("GET", "/api/crash");
  expect(response.status).toBe(500);
  expect(JSON.stringify(json)).not.toContain("inside");
  const id = response.headers.get("x-request-id") ?? "none";
  expect(lines.filter((line) => line.includes(id))).toEqual([
    expect.stringContaining(`${id} GET /api/crash: Error: the inside`),
  ]);
});

test("a full disk is a 503 that says what to do", async () => {
  const { response, json } = await ask("POST", "/api/fill", {});
  expect([response.status, json.error.code]).toEqual([503, "storage_unavailable"]);
});

test("names in paths are decoded, behind a host name of any length", async () => {
  const request = new Request("http://g/api/things/org%2Fmodel", {
    method: "POST",
    headers: { "content-type": "application/json" },
    body: JSON.stringify({ password: "x" }),
  });
  expect(await (await http.handle(request)).json()).toEqual({ password: "x", id: "org/model" });
});

test("health needs no login", async () => {
  const { json, response } = await ask("GET", "/api/health");
  expect(json).toEqual({ status: "ok", version: "0.0.0", uptime_s: 0 });
  expect(response.headers.get("cache-control")).toBe("no-store");
});

test("a body that is not JSON is 415; a charset beside JSON is fine", async () => {
  const send = (type: string, body: string) =>
    http.handle(
      new Request("http://appliance/api/things/1", {
        method: "POST",
        headers: { "content-type": type },
        body,
      }),
    );
  expect((await send("application/x-www-form-urlencoded", "password=x")).status).toBe(415);
  expect((await send("text/plain", '{"password":"x"}')).status).toBe(415);
  expect((await send("application/json; charset=utf-8", '{"password":"x"}')).status).toBe(200);
});

test("over a socket: a body over 1 MiB is 413, one of unknown length 411, and the next request works", async () => {
  const url = new URL("/api/things/1", server.url);
  const headers = { "content-type": "application/json" };
  const big = await fetch(url, { method: "POST", headers, body: "x".repeat(1024 * 1024 + 1) });
  expect(big.status).toBe(413);
  expectEnvelope(await big.text());
  const body = new ReadableStream({
    start(controller) {
      controller.enqueue(new TextEncoder().encode("{}"));
      controller.close();
    },
  });
  const chunked = await fetch(url, {
    method: "POST",
    headers,
    body,
    duplex: "half",
  } as RequestInit);
  expect(chunked.status).toBe(411);
  expectEnvelope(await chunked.text());
  expect((await fetch(new URL("/api/health", server.url))).status).toBe(200);
});

test("what may have changed something is answered when it is on the disk; what only looks waits for nothing", async () => {
  const order: string[] = [];
  durable = async () => {
    order.push("on the disk");
  };
  const changed = ask("POST", "/api/things/x", { password: "p" }).then(() =>
    order.push("answered"),
  );
  await changed;
  await ask("GET", "/api/things");
  expect(order).toEqual(["on the disk", "answered"]);
});

test("what the disk did not take is no success", async () => {
  durable = () => Promise.reject(new Error("EIO: i/o error, fdatasync"));
  const { status, json } = await ask("POST", "/api/things/x", { password: "p" });
  durable = async () => {};
  expect([status, json.error.code]).toEqual([503, "storage_unavailable"]);
  expect(lines.at(-1)).toContain("EIO");
});
