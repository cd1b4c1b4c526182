import Anthropic, { APIError } from "@anthropic-ai/sdk";
import type { Access, Client } from "./client.ts";
import type { Prompt } from "./runtime.ts";

const anthropic = ({ url, key, fetch }: Access) =>
  new Anthropic({ baseURL: url, apiKey: key, maxRetries: 0, fetch });
const messages = (content: Prompt) => [{ role: "user" as const, content }];

function said({ content, usage }: Anthropic.Message) {
  const text = content.map((block) => (block.type === "text" ? block.text : "")).join("");
  const prompt_tokens = usage.input_tokens + (usage.cache_read_input_tokens ?? 0);
  return { text, prompt_tokens, completion_tokens: usage.output_tokens };
}

export const anthropicMessages: Client = {
  name: "anthropic",
  async whole(access, prompt) {
    const asked = { model: access.model, max_tokens: 10, messages: messages(prompt) };
    return said(await anthropic(access).messages.create(asked));
  },
  async stream(access, prompt) {
    const asked = { model: access.model, max_tokens: 10, messages: messages(prompt) };
    return said(await anthropic(access).messages.stream(asked).finalMessage());
  },
  async tools(access) {
    const asked = {
      model: access.model,
      max_tokens: 10,
      tools: [{ name: "weather", input_schema: { type: "object" as const } }],
    };
    const client = anthropic(access);
    const first = await client.messages.create({ ...asked, messages: messages("hello") });
    const [call] = first.content.filter((block) => block.type === "tool_use");
    if (!call) throw new Error("There was no call.");
    const result = { type: "tool_result" as const, tool_use_id: call.id, content: "sunny" };
    const second = await client.messages.create({
      ...asked,
      messages: [
        ...messages("hello"),
        { role: "assistant", content: first.content },
        { role: "user", content: [result] },
      ],
    });
    return { text: said(second).text, called: [call.input] };
  },
  async leave(access, prompt) {
    const asked = { model: access.model, max_tokens: 10, messages: messages(prompt) };
    const stream = await anthropic(access).messages.create({ ...asked, stream: true });
    for await (const event of stream) if (event.type === "content_block_delta") break;
  },
  seen: (error) =>
    error instanceof APIError
      ? { status: error.status ?? 0, code: error.error?.error?.code }
      : { status: 0 },
};
