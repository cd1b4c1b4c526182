import { expect, test } from "bun:test";
import { toChat } from "./to-chat.ts";

const chatOf = (...messages: object[]) => toChat({ messages })["messages"] as object[];
const user = (...content: object[]) => ({ role: "user", content });
const text = (said: string) => ({ type: "text", text: said });
const call = { type: "tool_use", id: "t1", name: "weather", input: { city: "Paris" } };
const png = { type: "base64", media_type: "image/png", data: "AAAA" };
const picture = { type: "image_url", image_url: { url: "data:image/png;base64,AAAA" } };

test("parameters have the names of a chat, and what a chat does not know is left out", () => {
  const given = { model: "m", max_tokens: 9, temperature: 0, top_p: 0.5, top_k: 4, stream: true };
  const more = { stop_sequences: ["a"], metadata: { user_id: "u" }, service_tier: "auto" };
  const messages = [{ role: "user", content: "Hi" }];
  expect(toChat({ ...given, ...more, messages })).toEqual({
    ...given,
    messages,
    stop: ["a"],
    user: "u",
  });
});

test("thinking is switched off when it must not be, and is else left to the model", () => {
  const kwargs = (type: string) => toChat({ thinking: { type } })["chat_template_kwargs"];
  expect(kwargs("disabled")).toEqual({ enable_thinking: false });
  expect(kwargs("enabled")).toBeUndefined();
});

test.each([
  ["a string", "Be brief."],
  ["blocks", [text("Be"), text("brief.")]],
])("system as %s comes first", (_, system) => {
  const { messages } = toChat({ system, messages: [{ role: "user", content: "Hi" }] });
  expect(messages).toEqual([
    { role: "system", content: expect.stringMatching(/^Be\sbrief\.$/) },
    { role: "user", content: "Hi" },
  ]);
});

test("the stamp that changes with every request of Claude Code does not reach the model", () => {
  const stamp = (hash: string) =>
    `x-anthropic-billing-header: cc_version=2.1.101.e51; cc_entrypoint=cli; cch=${hash};`;
  const system = (hash: string) => [text(stamp(hash)), text("You help.")];
  const messages: object[] = [];
  expect(toChat({ system: system("a5145"), messages })["messages"]).toEqual([
    { role: "system", content: "You help." },
  ]);
  expect(toChat({ system: `${stamp("00000")}You help.`, messages })["messages"]).toEqual([
    { role: "system", content: "You help." },
  ]);
});

test("text alone stays text, and pictures make parts, in their order", () => {
  expect(chatOf(user(text("a"), text("b")))).toEqual([{ role: "user", content: "a\nb" }]);
  const url = { type: "image", source: { type: "url", url: "https://x/y.png" } };
  expect(chatOf(user(text("a"), { type: "image", source: png }, url, text("b")))).toEqual([
    user(
      text("a"),
      picture,
      { type: "image_url", image_url: { url: "https://x/y.png" } },
      text("b"),
    ),
  ]);
});

test("a call keeps its id and its arguments, and the thinking before it", () => {
  const thinking = { type: "thinking", thinking: "hm", signature: "s" };
  const redacted = { type: "redacted_thinking", data: "x" };
  const content = [thinking, redacted, text("I look."), call, { ...call, id: "t2", input: {} }];
  expect(chatOf({ role: "assistant", content })).toEqual([
    {
      role: "assistant",
      content: "I look.",
      reasoning_content: "hm",
      tool_calls: [
        {
          id: "t1",
          type: "function",
          function: { name: "weather", arguments: '{"city":"Paris"}' },
        },
        { id: "t2", type: "function", function: { name: "weather", arguments: "{}" } },
      ],
    },
  ]);
  expect(chatOf({ role: "assistant", content: [call] })).toMatchObject([{ content: null }]);
  expect(chatOf({ role: "assistant", content: [redacted] })).toEqual([]);
});

test("results come directly behind the calls, before what the user says to them", () => {
  const result = (id: string, content?: unknown, is_error?: boolean) => ({
    type: "tool_result",
    tool_use_id: id,
    content,
    is_error,
  });
  const image = { type: "image", source: png };
  const content = [
    result("t1", "sunny"),
    result("t2", [text("20"), image, text("degrees")]),
    result("t3"),
    result("t4", "no such city", true),
    text("And tomorrow?"),
  ];
  expect(chatOf({ role: "assistant", content: [call] }, user(...content)).slice(1)).toEqual([
    { role: "tool", tool_call_id: "t1", content: "sunny" },
    { role: "tool", tool_call_id: "t2", content: "20\ndegrees" },
    { role: "tool", tool_call_id: "t3", content: "" },
    { role: "tool", tool_call_id: "t4", content: "Error: no such city" },
    user(picture, text("And tomorrow?")),
  ]);
});

test("tools become functions", () => {
  const input_schema = { type: "object" };
  const tools = [{ name: "a", description: "d", input_schema, cache_control: {} }];
  expect(toChat({ tools: [...tools, { name: "b", input_schema, strict: true }] })["tools"]).toEqual(
    [
      { type: "function", function: { name: "a", description: "d", parameters: input_schema } },
      { type: "function", function: { name: "b", parameters: input_schema, strict: true } },
    ],
  );
  expect(toChat({ tools: [], tool_choice: { type: "auto" } })).toEqual({ messages: [] });
});

test.each([
  ["auto", "auto"],
  ["any", "required"],
  ["none", "none"],
  ["tool", { type: "function", function: { name: "a" } }],
])("the choice %s is one of a chat", (type, expected) => {
  const tools = [{ name: "a", input_schema: {} }];
  const chosen = (more: object) => toChat({ tools, tool_choice: { type, name: "a", ...more } });
  expect(chosen({})["tool_choice"]).toEqual(expected);
  expect(chosen({})["parallel_tool_calls"]).toBeUndefined();
  expect(chosen({ disable_parallel_tool_use: true })["parallel_tool_calls"]).toBe(false);
});
