import { expect, test } from "bun:test";
import { Failure } from "../../../shared/failure.ts";
import { errorBody } from "./error.ts";
import { fromChat } from "./from-chat.ts";

const asked = { model: "mine" };
const usage = {
  prompt_tokens: 33,
  completion_tokens: 28,
  prompt_tokens_details: { cached_tokens: 32 },
};
const answer = (message: object, choice: object = {}) =>
  fromChat({ id: "chatcmpl-1", model: "theirs", choices: [{ message, ...choice }], usage }, asked);
const call = (args: unknown) => ({
  id: "t1",
  type: "function",
  function: { name: "weather", arguments: args },
});

test("an answer is a message, with its usage and the name that the client used", () => {
  expect(answer({ content: "Hello" }, { finish_reason: "stop" })).toEqual({
    id: "msg_1",
    type: "message",
    role: "assistant",
    model: "mine",
    content: [{ type: "text", text: "Hello" }],
    stop_reason: "end_turn",
    stop_sequence: null,
    usage: {
      input_tokens: 1,
      cache_creation_input_tokens: 0,
      cache_read_input_tokens: 32,
      output_tokens: 28,
    },
  });
  expect(fromChat({ model: "theirs" }, { model: "" })).toMatchObject({
    model: "theirs",
    content: [],
    usage: { input_tokens: 0, output_tokens: 0 },
  });
});

test.each(["reasoning_content", "reasoning"])(
  "%s is thinking, and comes before text and calls",
  (name) => {
    const message = { [name]: "hm", content: "I look.", tool_calls: [call('{"city":"Paris"}')] };
    expect(answer(message)["content"]).toEqual([
      { type: "thinking", thinking: "hm", signature: "" },
      { type: "text", text: "I look." },
      { type: "tool_use", id: "t1", name: "weather", input: { city: "Paris" } },
    ]);
  },
);

test.each(["", '{"city":', "[1]", "null", null])(
  "arguments that are no object are none: %p",
  (args) => {
    expect(answer({ content: null, tool_calls: [call(args)] })["content"]).toEqual([
      { type: "tool_use", id: "t1", name: "weather", input: {} },
    ]);
  },
);

test.each([
  ["end_turn", { finish_reason: "stop" }],
  ["end_turn", { finish_reason: "stop", stop_reason: 151645 }],
  ["max_tokens", { finish_reason: "length" }],
  ["refusal", { finish_reason: "content_filter" }],
  ["tool_use", { finish_reason: "tool_calls" }],
])("it ended with %s", (stop_reason, choice) => {
  expect(answer({ content: "a" }, choice)).toMatchObject({ stop_reason, stop_sequence: null });
});

test("a stop sequence is named when the runtime says which, and a call is why it ended", () => {
  const named = { stop_reason: "stop_sequence", stop_sequence: "END" };
  const stop = { finish_reason: "stop" };
  expect(answer({ content: "a" }, { ...stop, stop_reason: "END" })).toMatchObject(named);
  expect(answer({ content: "a" }, { ...stop, matched_stop: "END" })).toMatchObject(named);
  const calls = { tool_calls: [call("{}")] };
  expect(answer(calls, stop)["stop_reason"]).toBe("tool_use");
  expect(answer(calls, { finish_reason: "length" })["stop_reason"]).toBe("max_tokens");
});

test.each([
  [400, "invalid_request_error"],
  [401, "authentication_error"],
  [402, "billing_error"],
  [403, "permission_error"],
  [404, "not_found_error"],
  [413, "request_too_large"],
  [422, "invalid_request_error"],
  [429, "rate_limit_error"],
  [500, "api_error"],
  [502, "api_error"],
  [503, "overloaded_error"],
  [504, "timeout_error"],
])("%d is an error of the type %s", (status, type) => {
  const failure = new Failure(status, "Do this.", { code: "some_code", param: "messages" });
  const error = { type, message: "Do this.", param: "messages", code: "some_code" };
  expect(errorBody(failure, "req_1")).toEqual({ type: "error", error, request_id: "req_1" });
});
