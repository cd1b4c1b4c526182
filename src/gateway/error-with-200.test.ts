/** Slips in completions, which pass through as chats do, and the status of errors that came with 200. */
import { afterEach, expect, test } from "bun:test";
import { gatewayUnderTest, hello, said } from "./gateway.testbed.ts";
import { asking, told } from "./told.testbed.ts";
import { type Answering, scriptedServer } from "./upstream/scripted-server.ts";

type Script = (answer: Answering) => unknown;

const cleanups: (() => unknown)[] = [];
afterEach(async () => {
  for (const cleanup of cleanups.splice(0)) await cleanup();
});

/** A gateway with one replica per script. */
function gatewayWith(...scripts: Script[]) {
  const servers = scripts.map((script) => scriptedServer((_, answer) => script(answer)));
  const under = gatewayUnderTest({ ports: servers.map(({ port }) => port) });
  cleanups.push(under.stop, ...servers.map(({ stop }) => stop));
  const complete = (stream: boolean, n = 1) =>
    fetch(`${under.url}/v1/completions`, {
      method: "POST",
      headers: { authorization: "Bearer hv_first", "content-type": "application/json" },
      body: JSON.stringify({ model: "demo", prompt: "Once", stream, n }),
    });
  return { ...under, complete };
}

const frame = (value: unknown) => `data: ${JSON.stringify(value)}\n\n`;
const done = "data: [DONE]\n\n";
const text = (words: string, finish_reason: unknown, index = 0) =>
  frame({
    id: "cmpl-1",
    object: "text_completion",
    choices: [{ index, text: words, finish_reason }],
  });

const streams =
  (body: string): Script =>
  (answer) => {
    answer.startStream();
    answer.chunk(body);
    answer.finish();
  };
/** By its status, or in the stream when that had begun. */
const failed = /\{"error":\{.*"code":"upstream_error"\}\}(\n\ndata: \[DONE\]\n\n)?$/;

test("an empty finish_reason is none, and what is cut off there an error", async () => {
  const { complete } = gatewayWith(streams(text("one ", "") + text("two", "")));
  expect(await (await complete(true)).text()).toMatch(failed);
});

test("a stream that says [DONE] alone is ended with the reason that it lacks", async () => {
  const { complete } = gatewayWith(streams(text("one", null) + done));
  expect(await (await complete(true)).text()).toBe(text("one", null) + text("", "stop") + done);
});

test("one of two texts that is cut off is no success", async () => {
  const { complete } = gatewayWith(streams(text("one", "stop", 0) + text("two", null, 1)));
  expect(await (await complete(true, 2)).text()).toMatch(failed);
});

test("JSON where a stream was asked becomes events", async () => {
  const choices = [{ index: 0, text: "one", finish_reason: "stop" }];
  const answer = { id: "cmpl-1", object: "text_completion", choices };
  const { complete } = gatewayWith((answering) => answering.json(200, answer));
  const response = await complete(true);
  expect(response.headers.get("content-type")).toStartWith("text/event-stream");
  expect(await response.text()).toBe(text("one", null) + text("", "stop") + done);
});

test.each([[{ choices: null }], [{ choices: [] }], [{ choices: [{ index: 0 }] }], [{}]])(
  "%j with 200 is no completion",
  async (answer) => {
    const { complete } = gatewayWith((answering) => answering.json(200, answer));
    expect((await complete(false)).status).toBe(502);
  },
);

test.each([
  [502, { message: "canary", code: 429 }],
  [502, { message: "canary", code: "401" }],
  [502, { message: "canary", type: "rate_limit_error" }],
  [502, "canary"],
  [400, { message: "`top_k` must be positive", type: "BadRequestError", code: 400 }],
  [422, { message: "`top_k` must be positive", code: 422 }],
  [400, { message: "`top_k` must be positive", type: "invalid_request_error" }],
  [400, { message: "maximum context length", code: "context_length_exceeded" }],
])("%d is the status of what came with 200 as the error %j", async (status, error) => {
  const under = gatewayWith((answering) => answering.json(200, { error }));
  for (const stream of [false, true]) {
    const response = await under.post({ ...hello, stream });
    expect(response.status).toBe(status);
    expect(await response.text()).not.toContain("canary");
  }
  expect(await under.rows(2)).toMatchObject([{ status }, { status }]);
});

test("what came as an error with 200 is asked of another replica", async () => {
  const under = gatewayWith(
    (answering) => answering.json(200, { error: { message: "out of order" } }),
    (answering) => answering.json(200, said),
  );
  for (let time = 0; time < 4; time++) {
    expect(await (await under.post(hello)).json()).toEqual(said);
  }
});

test("embeddings that are an error with 200 are none", async () => {
  const under = gatewayWith((answering) => answering.json(200, { error: { message: "canary" } }));
  const response = await fetch(`${under.url}/v1/embeddings`, {
    method: "POST",
    headers: { authorization: "Bearer hv_first", "content-type": "application/json" },
    body: JSON.stringify({ model: "demo", input: "Once" }),
  });
  expect(response.status).toBe(502);
});

test.each(["messages", "responses"] as const)(
  "a call of the API's first years is a call in %s",
  async (protocol) => {
    const made = { name: "f", arguments: '{"a":1}' };
    const message = { role: "assistant", content: null, function_call: made };
    const choices = [{ index: 0, message, finish_reason: "function_call" }];
    const under = gatewayWith((answering) => answering.json(200, { choices }));
    for (const stream of [false, true]) {
      const { path, body } = asking[protocol]("hi");
      const response = await fetch(under.url + path, {
        method: "POST",
        headers: { authorization: "Bearer hv_first", "content-type": "application/json" },
        body: JSON.stringify({ ...body, model: "demo", stream }),
      });
      const { calls, failed } = await told(protocol, response);
      expect(failed).toBe(false);
      expect(calls).toMatchObject([{ name: "f", input: { a: 1 } }]);
    }
  },
);

test("a call of the API's first years passes to a client that speaks as its service does", async () => {
  const message = { role: "assistant", content: null, function_call: { name: "f", arguments: "" } };
  const answer = { choices: [{ index: 0, message, finish_reason: "function_call" }] };
  const under = gatewayWith((answering) => answering.json(200, answer));
  expect(await (await under.post(hello)).json()).toEqual(answer);
});
