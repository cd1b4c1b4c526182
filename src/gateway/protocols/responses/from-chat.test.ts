import { expect, test } from "bun:test";
import { Failure } from "../../../shared/failure.ts";
import { fromChat } from "./from-chat.ts";
import { tokensOfResponse } from "./usage.ts";

const now = 1_700_000_009_500;
const usage = {
  prompt_tokens: 9,
  completion_tokens: 5,
  total_tokens: 14,
  prompt_tokens_details: { cached_tokens: 8 },
  completion_tokens_details: { reasoning_tokens: 2 },
};

const answer = (message: object, finish_reason = "stop", more = {}) => ({
  id: "chatcmpl-1",
  object: "chat.completion",
  created: 1_700_000_000,
  model: "served",
  usage,
  choices: [{ index: 0, message: { role: "assistant", ...message }, finish_reason, ...more }],
});
const body = { model: "asked", input: "Hello" };

test("an answer in words is a Response with every field that the schemas require", () => {
  expect(fromChat(answer({ content: "Hi!" }), body, now)).toEqual({
    id: expect.stringMatching(/^resp_\w{20}$/),
    object: "response",
    created_at: 1_700_000_000,
    completed_at: 1_700_000_009,
    status: "completed",
    error: null,
    incomplete_details: null,
    model: "served",
    output: [
      {
        id: expect.stringMatching(/^msg_\w{20}$/),
        type: "message",
        role: "assistant",
        status: "completed",
        content: [{ type: "output_text", text: "Hi!", annotations: [], logprobs: [] }],
      },
    ],
    usage: {
      input_tokens: 9,
      output_tokens: 5,
      total_tokens: 14,
      input_tokens_details: { cached_tokens: 8, cache_write_tokens: 0 },
      output_tokens_details: { reasoning_tokens: 2 },
    },
    background: false,
    store: false,
    previous_response_id: null,
    instructions: null,
    max_output_tokens: null,
    max_tool_calls: null,
    metadata: {},
    user: null,
    parallel_tool_calls: true,
    tools: [],
    tool_choice: "auto",
    truncation: "disabled",
    temperature: 1,
    top_p: 1,
    presence_penalty: 0,
    frequency_penalty: 0,
    top_logprobs: 0,
    reasoning: { effort: null, summary: null },
    text: { format: { type: "text" } },
    prompt_cache_key: null,
    safety_identifier: null,
    service_tier: "default",
  });
});

test("what was asked is said again", () => {
  const asked = {
    instructions: "Be brief.",
    metadata: { a: "b" },
    temperature: 0,
    top_p: 0.5,
    user: "u",
    parallel_tool_calls: false,
    max_output_tokens: 9,
    tool_choice: "required",
    text: { format: { type: "json_object" } },
    reasoning: { effort: "low", summary: null },
  };
  const tools = [{ type: "function", name: "f" }];
  expect(fromChat(answer({ content: "Hi!" }), { ...body, ...asked, tools }, now)).toMatchObject({
    ...asked,
    tools: [{ type: "function", name: "f", description: null, parameters: null, strict: null }],
  });
});

test("thoughts, words and calls are items in this order", () => {
  const call = (id: string) => ({ id, type: "function", function: { name: "f", arguments: "{}" } });
  const message = { content: "Wait.", tool_calls: [call("a"), call("b")] };
  const item = { type: "function_call", status: "completed", name: "f", arguments: "{}" };
  for (const thought of [{ reasoning_content: "Hm." }, { reasoning: "Hm." }]) {
    expect(fromChat(answer({ ...message, ...thought }, "tool_calls"), body, now)).toMatchObject({
      status: "completed",
      output: [
        { type: "reasoning", summary: [], content: [{ type: "reasoning_text", text: "Hm." }] },
        { type: "message", content: [{ text: "Wait." }] },
        { ...item, id: expect.stringMatching(/^fc_/), call_id: "a" },
        { ...item, id: expect.stringMatching(/^fc_/), call_id: "b" },
      ],
    });
  }
});

test.each([
  ["length", "max_output_tokens"],
  ["content_filter", "content_filter"],
])("what ends by %s is incomplete, and so is its last item", (finish, reason) => {
  const message = { reasoning_content: "Hm.", content: "So" };
  expect(fromChat(answer(message, finish), body, now)).toMatchObject({
    status: "incomplete",
    incomplete_details: { reason },
    output: [{ status: "completed" }, { status: "incomplete" }],
  });
});

test("probabilities come with the text, and what runtimes add to them does not", () => {
  const token = { token: "Hi", logprob: -0.5, bytes: [72, 105] };
  const logprobs = { content: [{ ...token, id: 7, top_logprobs: [{ ...token, id: 7 }] }] };
  expect(fromChat(answer({ content: "Hi" }, "stop", { logprobs }), body, now)).toMatchObject({
    output: [{ content: [{ logprobs: [{ ...token, top_logprobs: [token] }] }] }],
  });
});

test("missing counts are null", () => {
  const { created, model, usage: _, ...bare } = answer({ content: "Hi!" });
  expect(fromChat(bare, body, now)).toMatchObject({
    created_at: 1_700_000_009,
    model: "asked",
    usage: null,
  });
});

test.each([[{}], [{ choices: [] }], [{ choices: [{ index: 0 }] }]])(
  "%j is no answer: an empty success would be taken for one",
  (broken) => expect(() => fromChat(broken, body, now)).toThrow(Failure),
);

test("the counts of a Response are read, and nothing else is taken for them", () => {
  const counts = { input_tokens: 9, output_tokens: 5, input_tokens_details: { cached_tokens: 8 } };
  expect(tokensOfResponse(counts)).toEqual({
    prompt_tokens: 9,
    completion_tokens: 5,
    cached_tokens: 8,
    source: "engine",
  });
  for (const bad of [null, undefined, "9", [], {}, { input_tokens: "9" }, { prompt_tokens: 9 }]) {
    expect(tokensOfResponse(bad)).toBeNull();
  }
});
