/** What the real `openai` client makes of our streams. */
import { afterAll, beforeAll, describe, expect, test } from "bun:test";
import OpenAI from "openai";
import { Failure } from "../../../shared/failure.ts";
import type { StreamTap } from "../stream-tap.ts";
import { ResponsesFromChat } from "./chat-stream.ts";
import { fromChat } from "./from-chat.ts";
import { toChat } from "./to-chat.ts";

const head = { id: "chatcmpl-1", created: 1_700_000_000, model: "served" };
const usage = { prompt_tokens: 9, completion_tokens: 5 };
const frame = (value: unknown) => `data: ${JSON.stringify(value)}\n\n`;
const chunk = (delta: object, finish_reason: string | null = null) =>
  frame({ ...head, choices: [{ index: 0, delta, finish_reason }] });
const call = (args: string, more = {}) => ({
  tool_calls: [{ index: 0, ...more, function: { arguments: args, name: "weather" } }],
});

const said = [
  chunk({ role: "assistant", content: null }),
  ...["Hm", "m."].map((reasoning_content) => chunk({ reasoning_content })),
  ...["{", '"n":', "1}"].map((content) => chunk({ content })),
  chunk(call("", { id: "a" })),
  chunk(call('{"city":"Paris"}')),
];
const ended = [chunk({}, "tool_calls"), frame({ ...head, choices: [], usage }), "data: [DONE]\n\n"];
const wholeAnswer = {
  ...head,
  usage,
  choices: [{ message: { content: "Hi!" }, finish_reason: "stop" }],
};

type Body = Record<string, unknown>;

/** Answers as a gateway with a runtime would; `user` says which case it is. */
async function answer(request: Request): Promise<Response> {
  const body = (await request.json()) as Body;
  expect(toChat(body)["messages"]).toBeArray();
  if (body["stream"] !== true) return Response.json(fromChat(wholeAnswer, body, Date.now()));
  const translated = translate(body, body["user"] === "breaks" ? said : [...said, ...ended]);
  return new Response(translated, { headers: { "content-type": "text/event-stream" } });
}

const translate = (body: Body, frames: string[]) =>
  passed(new ResponsesFromChat(body, Date.now), frames.join(""));

function passed(tap: StreamTap, text: string): string {
  const events = tap.push(Buffer.from(text)).toString();
  const end = tap.finished ? tap.tail() : tap.broken(new Failure(502, "It broke."));
  return events + end.toString();
}

let server: Bun.Server<undefined>;
let openai: OpenAI;

beforeAll(() => {
  server = Bun.serve({ port: 0, hostname: "127.0.0.1", fetch: answer });
  openai = new OpenAI({
    baseURL: `http://127.0.0.1:${server.port}/v1`,
    apiKey: "k",
    maxRetries: 0,
  });
});

afterAll(() => server.stop(true));

const tool = { type: "function" as const, name: "weather", parameters: {}, strict: false };
const request = { model: "m", input: "Hello", tools: [tool] };

test("a whole answer has its text", async () => {
  const response = await openai.responses.create(request);
  expect(response.output_text).toBe("Hi!");
  expect(response.usage).toMatchObject({ input_tokens: 9, output_tokens: 5, total_tokens: 14 });
});

describe.each([["translated"]])("a stream, %s,", (user) => {
  test("is put together by the stream helper", async () => {
    const stream = openai.responses.stream({ ...request, user });
    let text = "";
    let args = "";
    stream.on("response.output_text.delta", ({ snapshot }) => {
      text = snapshot;
    });
    stream.on("response.function_call_arguments.delta", ({ snapshot }) => {
      args = snapshot;
    });
    const response = await stream.finalResponse();
    expect([text, args]).toEqual(['{"n":1}', '{"city":"Paris"}']);
    expect(response).toMatchObject({ status: "completed", usage: { output_tokens: 5 } });
    expect(response.output).toMatchObject([
      { type: "reasoning", content: [{ text: "Hmm." }] },
      { type: "message", content: [{ text: '{"n":1}' }] },
      { type: "function_call", call_id: "a", name: "weather", arguments: '{"city":"Paris"}' },
    ]);
  });
});

test("what the stream helper had put together before the last event is the same", async () => {
  const stream = openai.responses.stream(request);
  const items: unknown[] = [];
  stream.on("response.output_item.done", ({ item }) => items.push(item));
  const { output } = await stream.finalResponse();
  expect(items).toMatchObject(output.map(({ id, type }) => ({ id, type })));
});

test("a stream that breaks is an error for the iterator and for the helper", async () => {
  const broken = { ...request, user: "breaks" };
  const iterate = async () => {
    for await (const _ of await openai.responses.create({ ...broken, stream: true }));
  };
  const helper = openai.responses.stream(broken).finalResponse();
  for (const failing of [iterate(), helper]) {
    const error = await failing.then(
      () => null,
      (thrown: unknown) => thrown,
    );
    expect(error).toBeInstanceOf(OpenAI.APIError);
    expect(error).toMatchObject({ message: expect.stringContaining("It broke.") });
  }
});
