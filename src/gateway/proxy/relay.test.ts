import { afterEach, expect, test } from "bun:test";
import { type GatewayUnderTest, gatewayUnderTest, hello } from "../gateway.testbed.ts";
import type { GatewayOptions } from "../gateway.ts";
import {
  type Answering,
  type ReceivedRequest,
  scriptedServer,
} from "../upstream/scripted-server.ts";

type Script = (request: ReceivedRequest, answer: Answering) => unknown;

const cleanups: (() => unknown)[] = [];
afterEach(async () => {
  for (const cleanup of cleanups.splice(0)) await cleanup();
});

/** A gateway with one replica per script. */
function gatewayWith(scripts: Script[], options?: GatewayOptions): GatewayUnderTest {
  const servers = scripts.map((script) => scriptedServer(script));
  const under = gatewayUnderTest({
    ports: servers.map(({ port }) => port),
    ...(options ? { options } : {}),
  });
  cleanups.push(under.stop, ...servers.map(({ stop }) => stop));
  return under;
}

const answerBody = {
  choices: [{ index: 0, message: { role: "assistant", content: "Hi." }, finish_reason: "stop" }],
  usage: {
    prompt_tokens: 9,
    completion_tokens: 2,
    prompt_tokens_details: { cached_tokens: 8 },
  },
};
const honest: Script = (_, answer) => answer.json(200, answerBody);

async function errorOf(response: Response) {
  const { error } = (await response.json()) as { error: Record<string, unknown> };
  expect(Object.keys(error).sort()).toEqual(["code", "message", "param", "type"]);
  expect(response.headers.get("x-request-id")).toMatch(/^req_[0-9A-Za-z]{20}$/);
  return { status: response.status, code: error["code"] };
}

test("an answer passes byte for byte and its row is the engine's count", async () => {
  const choices = JSON.stringify(answerBody.choices);
  const text = `{ "usage":{"completion_tokens":2,"prompt_tokens":9},"choices":${choices},"n":18446744073709551615 }`;
  const under = gatewayWith([
    (_, answer) =>
      answer.raw(
        `HTTP/1.1 200 OK\r\ncontent-type: application/json; charset=utf-8\r\nserver: llama.cpp\r\n` +
          `connection: keep-alive\r\nkeep-alive: timeout=5\r\ncontent-length: ${text.length}\r\n\r\n${text}`,
      ),
  ]);
  const response = await under.post(hello);
  expect(await response.text()).toBe(text);
  expect(response.headers.get("content-type")).toBe("application/json; charset=utf-8");
  expect(response.headers.get("server")).toBeNull();
  expect(response.headers.get("keep-alive")).toBeNull();
  const [row] = await under.rows(1);
  expect(row).toMatchObject({
    id: response.headers.get("x-request-id") ?? "",
    user: "usr_1@example.org",
    key_prefix: "hv_fir",
    model: "demo",
    endpoint: null,
    replica: "rep_1",
    prompt_tokens: 9,
    completion_tokens: 2,
    cached_tokens: 0,
    ttft_ms: null,
    status: 200,
    stream: false,
    source: "engine",
  });
  expect(under.gateway.inflight()).toBe(0);
});

test("only content-type and accept go up", async () => {
  const seen = Promise.withResolvers<string>();
  const under = gatewayWith([
    (request, answer) => {
      seen.resolve(request.head);
      honest(request, answer);
    },
  ]);
  await under.post(hello, {
    headers: {
      authorization: "Bearer hv_first",
      "content-type": "application/json; charset=utf-8",
      accept: "application/json",
      cookie: "hv_session=secret",
      te: "trailers",
      "x-forwarded-for": "1.2.3.4",
      "x-api-key": "secret",
    },
  });
  const names = (await seen.promise)
    .split("\r\n")
    .slice(1)
    .map((line) => line.split(":")[0]);
  expect(names).toEqual(["host", "content-type", "accept", "content-length"]);
  expect(await seen.promise).not.toContain("secret");
});

test("the row is committed before the answer is returned", async () => {
  const server = scriptedServer(honest);
  const order: string[] = [];
  const under = gatewayUnderTest({
    ports: [server.port],
    commit: async () => {
      await fetch(`${under.url}/elsewhere`);
      order.push("committed");
    },
  });
  cleanups.push(under.stop, server.stop);
  await (await under.post(hello)).text();
  order.push("answered");
  expect(order).toEqual(["committed", "answered"]);
});

test("a row that cannot be written is reported and the answer still goes out", async () => {
  const server = scriptedServer(honest);
  const under = gatewayUnderTest({
    ports: [server.port],
    commit: () => Promise.reject(new Error("disk full")),
  });
  cleanups.push(under.stop, server.stop);
  expect((await under.post(hello)).status).toBe(200);
  expect(under.reports.map(String)).toEqual(["Error: disk full"]);
});

test.each<[string, Script]>([
  ["resets before the first byte", (_, answer) => answer.reset()],
  ["closes before the first byte", (_, answer) => answer.close()],
  [
    "is loading",
    (_, answer) => answer.json(503, { error: { message: "Loading model", code: 503 } }),
  ],
  ["stands behind a broken proxy", (_, answer) => answer.json(502, "Bad Gateway")],
])("a replica that %s is replaced by another one", async (_, broken) => {
  const under = gatewayWith([broken, honest]);
  const answers = await Promise.all(Array.from({ length: 20 }, () => under.post(hello)));
  expect(answers.map(({ status }) => status)).toEqual(Array.from({ length: 20 }, () => 200));
  const rows = await under.rows(20);
  expect(new Set(rows.map(({ replica }) => replica))).toEqual(new Set(["rep_2"]));
  expect(under.routing.inflight("rep_1") + under.routing.inflight("rep_2")).toBe(0);
});

test("a replica that refuses connections is replaced", async () => {
  const dead = scriptedServer(honest);
  dead.stop();
  const server = scriptedServer(honest);
  const under = gatewayUnderTest({ ports: [dead.port, server.port] });
  cleanups.push(under.stop, server.stop);
  for (let count = 0; count < 6; count++) expect((await under.post(hello)).status).toBe(200);
  expect((await under.rows(6)).every(({ replica }) => replica === "rep_2")).toBe(true);
});

test("when all replicas are dead the answer is 502, after a bounded number of tries", async () => {
  let tries = 0;
  const dying: Script = (_, answer) => {
    tries++;
    answer.close();
  };
  const under = gatewayWith([dying, dying, dying, dying, dying], { max_tries: 3 });
  expect(await errorOf(await under.post(hello))).toEqual({ status: 502, code: "upstream_error" });
  expect(tries).toBe(3);
  const rows = await under.rows(1);
  expect(rows).toHaveLength(1);
  expect(rows[0]).toMatchObject({ status: 502, prompt_tokens: 0, completion_tokens: 0 });
});

test("after the first byte of an answer no other replica is asked", async () => {
  let asked = 0;
  const half: Script = (_, answer) => {
    asked++;
    answer.raw("HTTP/1.1 200 OK\r\ncontent-length: 100\r\n\r\n{");
    answer.close();
  };
  const under = gatewayWith([half, half]);
  expect((await errorOf(await under.post(hello))).status).toBe(502);
  expect(asked).toBe(1);
});

test.each<[string, Script, number, string | null]>([
  ["an integer code", (_, a) => a.json(400, { error: { message: "bad", code: 400 } }), 400, null],
  [
    "HTML",
    (_, a) => a.raw("HTTP/1.1 500 X\r\ncontent-length: 6\r\n\r\n<html>"),
    502,
    "upstream_error",
  ],
  [
    "text with 200",
    (_, a) => a.raw("HTTP/1.1 200 OK\r\ncontent-length: 2\r\n\r\nhi"),
    502,
    "upstream_error",
  ],
  ["no HTTP", (_, a) => a.raw("220 smtp ready\r\n\r\n"), 502, "upstream_error"],
  [
    "a redirect",
    (_, a) => a.raw("HTTP/1.1 302 X\r\nlocation: /\r\ncontent-length: 0\r\n\r\n"),
    502,
    "upstream_error",
  ],
])("%s from the runtime becomes our envelope", async (_, script, status, code) => {
  const under = gatewayWith([script]);
  expect(await errorOf(await under.post(hello))).toEqual({ status, code });
  expect((await under.rows(1))[0]?.status).toBe(status);
});

test("an answer over the limit is cut off instead of filling memory", async () => {
  const endless: Script = (_, answer) => {
    answer.raw("HTTP/1.1 200 OK\r\ncontent-type: application/json\r\n\r\n");
    answer.raw("x".repeat(100_000));
  };
  const under = gatewayWith([endless], { max_answer_bytes: 50_000 });
  expect((await errorOf(await under.post(hello))).status).toBe(502);
});

test("a runtime that never answers is a timeout that clients must not retry", async () => {
  const silent: Script = () => undefined;
  const whole = gatewayWith([silent, honest], { total_timeout_ms: 30, max_tries: 1 });
  const response = await whole.post(hello);
  expect(response.headers.get("x-should-retry")).toBe("false");
  expect(await errorOf(response)).toEqual({ status: 504, code: "timeout" });
  const stream = gatewayWith([silent], { first_byte_timeout_ms: 30 });
  expect((await errorOf(await stream.post({ ...hello, stream: true }))).status).toBe(504);
  expect((await stream.rows(1))[0]).toMatchObject({ status: 504, stream: true });
});

test("when the client leaves before the answer, the runtime is told and the row says 499", async () => {
  const arrived = Promise.withResolvers<void>();
  const gone = Promise.withResolvers<void>();
  const under = gatewayWith([
    (_, answer) => {
      arrived.resolve();
      answer.gone.then(gone.resolve);
    },
  ]);
  const client = new AbortController();
  const response = under.post(hello, { signal: client.signal });
  await arrived.promise;
  client.abort();
  await expect(response).rejects.toThrow();
  await gone.promise;
  expect((await under.rows(1))[0]).toMatchObject({ status: 499, source: "estimated" });
  expect(under.gateway.inflight()).toBe(0);
});
