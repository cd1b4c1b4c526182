import { expect, test } from "bun:test";
import type OpenAI from "openai";
import { Failure } from "../../../shared/failure.ts";
import { toChat } from "./to-chat.ts";

type Request = Omit<OpenAI.Responses.ResponseCreateParams, "model">;

const chat = (body: Request) => toChat({ model: "m", ...body });
const messages = (input: Request["input"], instructions?: string) =>
  chat({ input: input ?? "", ...(instructions === undefined ? {} : { instructions }) })["messages"];

function paramOf(body: Record<string, unknown>): string | null {
  try {
    toChat({ model: "m", input: "Hello", ...body });
  } catch (error) {
    if (error instanceof Failure && error.status === 400) return error.param;
    throw error;
  }
  throw new Error("It was let through.");
}

test("a string is what the user says, and nothing is sent that was not asked for", () => {
  expect(chat({ input: "Hello" })).toEqual({
    model: "m",
    messages: [{ role: "user", content: "Hello" }],
  });
});

test("instructions and what developers say at the beginning are one system message", () => {
  const input = [
    { role: "developer" as const, content: [{ type: "input_text" as const, text: "Be kind." }] },
    { type: "message" as const, role: "user" as const, content: "Hi" },
    { role: "system" as const, content: "Now be strict." },
  ];
  expect(messages(input, "Be brief.")).toEqual([
    { role: "system", content: "Be brief.\n\nBe kind." },
    { role: "user", content: "Hi" },
    { role: "system", content: "Now be strict." },
  ]);
});

test("thoughts, words and calls of one turn become one message, and results follow it", () => {
  const call = (call_id: string) => ({
    type: "function_call" as const,
    id: `fc_${call_id}`,
    call_id,
    name: "f",
    arguments: "{}",
  });
  const thought = { type: "reasoning_text" as const, text: "Hm." };
  const words = { type: "output_text" as const, text: "Let me see.", annotations: [] };
  const input: Request["input"] = [
    { role: "user", content: "Hi" },
    { type: "reasoning", id: "rs_1", summary: [], content: [thought] },
    { type: "message", id: "m", role: "assistant", status: "completed", content: [words] },
    call("a"),
    call("b"),
    { type: "function_call_output", call_id: "a", output: "1" },
    { type: "function_call_output", call_id: "b", output: [{ type: "input_text", text: "2" }] },
    call("c"),
  ];
  const asked = (id: string) => ({
    id,
    type: "function",
    function: { name: "f", arguments: "{}" },
  });
  expect(messages(input)).toEqual([
    { role: "user", content: "Hi" },
    {
      role: "assistant",
      content: "Let me see.",
      reasoning_content: "Hm.",
      tool_calls: [asked("a"), asked("b")],
    },
    { role: "tool", content: "1", tool_call_id: "a" },
    { role: "tool", content: "2", tool_call_id: "b" },
    { role: "assistant", content: null, tool_calls: [asked("c")] },
  ]);
});

test("words that stand behind the call of their turn do not come between call and result", () => {
  const call = { type: "function_call" as const, call_id: "a", name: "f", arguments: "{}" };
  const result = { type: "function_call_output" as const, call_id: "a", output: "1" };
  expect(messages([call, { role: "assistant", content: "So." }, result])).toMatchObject([
    { role: "assistant", content: "So.", tool_calls: [{ id: "a" }] },
    { role: "tool", tool_call_id: "a" },
  ]);
});

test("a thought that nothing follows, or that is encrypted, is left out", () => {
  const encrypted = { type: "reasoning" as const, id: "r", summary: [], encrypted_content: "x" };
  const open = { ...encrypted, summary: [{ type: "summary_text" as const, text: "Hm." }] };
  const answer = { role: "assistant" as const, content: "Yes" };
  const question = { role: "user" as const, content: "Hi" };
  expect(messages([encrypted, answer, open, question, answer])).toEqual([answer, question, answer]);
});

test("images and sound keep their parts, with text beside them", () => {
  const content = [
    { type: "input_text", text: "What is it?" },
    { type: "input_image", image_url: "data:image/png;base64,AA==", detail: "low" },
    { type: "input_image", image_url: "https://example.com/a.png" },
    { type: "input_audio", input_audio: { data: "AA==", format: "wav" } },
  ];
  expect(toChat({ model: "m", input: [{ role: "user", content }] })["messages"]).toEqual([
    {
      role: "user",
      content: [
        { type: "text", text: "What is it?" },
        { type: "image_url", image_url: { url: "data:image/png;base64,AA==", detail: "low" } },
        { type: "image_url", image_url: { url: "https://example.com/a.png" } },
        { type: "input_audio", input_audio: { data: "AA==", format: "wav" } },
      ],
    },
  ]);
});

test("sampling, limits and effort go by their chat names, and what others mean to keep does not go", () => {
  expect(
    toChat({
      model: "m",
      input: "Hi",
      stream: true,
      store: true,
      metadata: { a: "b" },
      n: 4,
      max_output_tokens: 9,
      temperature: 0,
      top_p: null,
      user: "u",
      top_k: 3,
      seed: 0,

      reasoning: { effort: "low", summary: "auto" },
      truncation: "auto",
      service_tier: "auto",
      top_logprobs: 2,
      chat_template_kwargs: { enable_thinking: false },
      messages: ["x"],
    }),
  ).toEqual({
    model: "m",
    messages: [{ role: "user", content: "Hi" }],
    stream: true,
    stream_options: { include_usage: true },
    max_tokens: 9,
    temperature: 0,
    user: "u",
    top_k: 3,
    seed: 0,
    reasoning_effort: "low",
    logprobs: true,
    top_logprobs: 2,
    chat_template_kwargs: { enable_thinking: false },
  });
  const include: Request["include"] = ["message.output_text.logprobs"];
  expect(chat({ input: "Hi", include })).toMatchObject({ logprobs: true });
});

test("the format of the text is a response_format", () => {
  const schema = { type: "object", properties: {} };
  const format = { type: "json_schema" as const, name: "x", strict: true, schema };
  expect(chat({ input: "Hi", text: { format } })["response_format"]).toEqual({
    type: "json_schema",
    json_schema: { name: "x", strict: true, schema },
  });
  expect(chat({ input: "Hi", text: { format: { type: "json_object" } } })).toMatchObject({
    response_format: { type: "json_object" },
  });
  expect(chat({ input: "Hi", text: { format: { type: "text" } } })).not.toContainKey(
    "response_format",
  );
});

test.each<[string, Record<string, unknown>]>([
  ["input[0].role", { input: [{ role: "critic", content: "x" }] }],
  ["input[0].role", { input: [{ content: "x" }] }],
  ["input[0].content", { input: [{ role: "user" }] }],
  ["input[0].content[0]", { input: [{ role: "user", content: ["x"] }] }],
  ["input[0].content[0].text", { input: [{ role: "user", content: [{ type: "input_text" }] }] }],
  [
    "input[0].content[0].type",
    { input: [{ role: "user", content: [{ type: "input_file", file_data: "x" }] }] },
  ],
  [
    "input[0].content[0].image_url",
    { input: [{ role: "user", content: [{ type: "input_image", file_id: "x" }] }] },
  ],
  ["input[0].call_id", { input: [{ type: "function_call", name: "f", arguments: "{}" }] }],
  ["input[0].arguments", { input: [{ type: "function_call", call_id: "a", name: "f" }] }],
  ["input[0].output", { input: [{ type: "function_call_output", call_id: "a" }] }],
  ["input[0].type", { input: [{ type: "web_search_call", id: "x" }] }],
  ["text.format", { text: { format: { type: "json_schema", name: "x" } } }],
  ["text.format", { text: { format: { type: "grammar" } } }],
  ["text.format", { text: { format: "json" } }],
])("what a chat cannot carry is a 400 that names %s", (param, body) => {
  expect(paramOf(body)).toBe(param);
});
