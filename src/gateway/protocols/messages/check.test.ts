import { expect, test } from "bun:test";
import { Failure } from "../../../shared/failure.ts";
import { checkMessages } from "./check.ts";

const user = (content: unknown) => ({ role: "user", content });
const request = (more: object = {}) => ({ max_tokens: 8, messages: [user("Hi")], ...more });
const says = (block: unknown) => request({ messages: [user("Hi"), user([block])] });
const tool = { name: "weather", input_schema: { type: "object" } };

function failureOf(body: Readonly<Record<string, unknown>>): Failure | null {
  try {
    checkMessages(body);
    return null;
  } catch (error) {
    if (error instanceof Failure) return error;
    throw error;
  }
}

test.each([
  ["the least that there can be", request()],
  ["null where a field may be missing", request({ system: null, tools: null, tool_choice: null })],
  ["system blocks", request({ system: [{ type: "text", text: "Be brief.", cache_control: {} }] })],
  [
    "a system message later on",
    request({ messages: [user("Hi"), { role: "system", content: "" }] }),
  ],
  ["a picture", says({ type: "image", source: { type: "url", url: "https://x" } })],
  [
    "a call and what came of it",
    request({
      tools: [tool, { ...tool, type: "custom" }],
      tool_choice: { type: "tool", name: "weather" },
      messages: [
        { role: "assistant", content: [{ type: "tool_use", id: "a", name: "b", input: {} }] },
        user([{ type: "tool_result", tool_use_id: "a" }]),
        user([{ type: "tool_result", tool_use_id: "a", content: [{ type: "text", text: "" }] }]),
      ],
    }),
  ],
  [
    "thinking that comes back",
    request({
      messages: [
        { role: "assistant", content: [{ type: "thinking", thinking: "", signature: "" }] },
        { role: "assistant", content: [{ type: "redacted_thinking", data: "x" }] },
      ],
    }),
  ],
])("%s is accepted", (_, body) => {
  expect(failureOf(body)).toBeNull();
});

test.each([
  ["messages", request({ messages: undefined })],
  ["messages", request({ messages: [] })],
  ["messages", request({ messages: "canary" })],
  ["max_tokens", request({ max_tokens: undefined })],
  ["max_tokens", request({ max_tokens: 0 })],
  ["max_tokens", request({ max_tokens: 1.5 })],
  ["max_tokens", request({ max_tokens: "canary" })],
  ["system", request({ system: 1 })],
  ["system.0.type", request({ system: [{ type: "image" }] })],
  ["stop_sequences", request({ stop_sequences: ["a", 1] })],
  ["messages.0.role", request({ messages: [null] })],
  ["messages.0.role", request({ messages: ["canary"] })],
  ["messages.0.role", request({ messages: [{ role: "canary", content: "" }] })],
  ["messages.0.role", request({ messages: [{ role: "constructor", content: "" }] })],
  ["messages.0.content", request({ messages: [{ role: "user" }] })],
  ["messages.0.content", request({ messages: [user(42)] })],
  ["messages.1.content.0.type", says(null)],
  ["messages.1.content.0.type", says({ type: "canary" })],
  ["messages.1.content.0.type", says({ type: "toString" })],
  ["messages.1.content.0.type", says({ type: "document", source: { data: "canary" } })],
  ["messages.1.content.0.type", says({ type: "tool_use", id: "a", name: "b" })],
  ["messages.1.content.0.text", says({ type: "text", text: ["canary"] })],
  ["messages.1.content.0.source", says({ type: "image", source: { type: "file", id: "canary" } })],
  ["messages.1.content.0.source", says({ type: "image", source: { type: "base64", data: "x" } })],
  ["messages.1.content.0.tool_use_id", says({ type: "tool_result" })],
  [
    "messages.1.content.0.content.0.type",
    says({ type: "tool_result", tool_use_id: "a", content: [{ type: "document" }] }),
  ],
  ["tools", request({ tools: {} })],
  ["tools.0.type", request({ tools: [{ type: "web_search_20250305", name: "canary" }] })],
  ["tools.1.name", request({ tools: [tool, { ...tool, name: "" }] })],
  ["tools.0.input_schema", request({ tools: [{ name: "canary" }] })],
  ["tool_choice.type", request({ tool_choice: "canary" })],
  ["tool_choice.name", request({ tool_choice: { type: "tool" } })],
])("what is wrong is named: %s", (param, body) => {
  const failure = failureOf(body);
  expect(failure).toMatchObject({ status: 400, param });
  expect(failure?.message).toContain(`\`${param}\``);
  expect(failure?.message).not.toContain("canary");
});
