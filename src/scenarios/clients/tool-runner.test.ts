/** Anthropic's own tool runner, which asks for a thread unless it is told that there is none. */
import { afterAll, beforeAll, expect, test } from "bun:test";
import Anthropic from "@anthropic-ai/sdk";
import { betaTool } from "@anthropic-ai/sdk/helpers/beta/json-schema";
import { type GatewayUnderTest, gatewayUnderTest } from "../../gateway/gateway.testbed.ts";
import { afterTool, type Runtime, startRuntime } from "./runtime.ts";

let runtime: Runtime;
let under: GatewayUnderTest;

beforeAll(() => {
  runtime = startRuntime();
  under = gatewayUnderTest({ ports: [runtime.port] });
});

afterAll(async () => {
  await under.stop();
  runtime.stop();
});

type Sent = { thread?: unknown; messages: unknown[]; tools?: unknown[] };

/** A client whose every request is in SENT. */
function client(sent: Sent[]): Anthropic {
  return new Anthropic({
    baseURL: under.url,
    apiKey: null,
    authToken: "hv_first",
    maxRetries: 0,
    async fetch(url, init) {
      sent.push(JSON.parse(String(init?.body)));
      return await fetch(url, init);
    },
  });
}

const asked = {
  model: "demo",
  max_tokens: 10,
  messages: [{ role: "user" as const, content: "hello" }],
};

test.each([[false], [true]])(
  "the tool runner finishes with its whole conversation, streamed: %p",
  async (stream) => {
    const cities: unknown[] = [];
    const weather = betaTool({
      name: "weather",
      description: "The weather in a city.",
      inputSchema: {
        type: "object",
        properties: { city: { type: "string" } },
        required: ["city"],
      },
      run({ city }) {
        cities.push(city);
        return "sunny";
      },
    });
    const sent: Sent[] = [];
    const runner = client(sent).beta.messages.toolRunner({ ...asked, tools: [weather], stream });
    const { content } = await runner.runUntilDone();
    expect(content).toMatchObject([{ type: "text", text: afterTool }]);
    expect(cities).toEqual(["Paris"]);
    expect(sent.map(({ thread }) => thread)).toEqual([{ type: "create" }, undefined, undefined]);
    expect(sent.at(-1)?.messages).toHaveLength(3);
    expect(sent.at(-1)?.tools).toHaveLength(1);
  },
);

test("a thread is refused with what to do instead, in the words that the clients' programs read", async () => {
  const response = await fetch(`${under.url}/v1/messages`, {
    method: "POST",
    headers: { authorization: "Bearer hv_first", "content-type": "application/json" },
    body: JSON.stringify({ ...asked, thread: { type: "continue", previous_message_id: "msg_1" } }),
  });
  expect(response.status).toBe(400);
  expect(await response.json()).toMatchObject({
    type: "error",
    error: {
      type: "invalid_request_error",
      message: expect.stringContaining("Send the whole conversation"),
      param: "thread",
      code: null,
      details: { error_code: "thread_unsupported_request", unsupported: ["thread"] },
    },
  });
});
