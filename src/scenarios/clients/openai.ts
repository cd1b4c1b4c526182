import OpenAI, { APIError } from "openai";
import type { Access, Client } from "./client.ts";
import type { Prompt } from "./runtime.ts";

const openai = ({ url, key, fetch }: Access) =>
  new OpenAI({ baseURL: `${url}/v1`, apiKey: key, maxRetries: 0, fetch });
const messages = (content: Prompt) => [{ role: "user" as const, content }];
const parameters = { type: "object", properties: { city: { type: "string" } }, required: ["city"] };

export const openaiChat: Client = {
  name: "openai",
  async whole(access, prompt) {
    const { model } = access;
    const answer = await openai(access).chat.completions.create({
      model,
      messages: messages(prompt),
    });
    return { text: answer.choices[0]?.message.content ?? "", ...answer.usage };
  },
  async stream(access, prompt) {
    const { model } = access;
    const stream = openai(access).chat.completions.stream({
      model,
      messages: messages(prompt),
      stream: true,
      stream_options: { include_usage: true },
    });
    const text = await stream.finalContent();
    return { text: text ?? "", ...(await stream.totalUsage()) };
  },
  async tools(access) {
    const called: unknown[] = [];
    const runner = openai(access).chat.completions.runTools({
      model: access.model,
      messages: messages("hello"),
      tools: [
        {
          type: "function",
          function: {
            name: "weather",
            description: "Tells the weather.",
            parameters,
            parse: JSON.parse,
            function: (city: object) => {
              called.push(city);
              return "sunny";
            },
          },
        },
      ],
    });
    return { text: (await runner.finalContent()) ?? "", called };
  },
  async structured(access) {
    const schema = { type: "object", properties: { answer: { type: "number" } } };
    const answer = await openai(access).chat.completions.create({
      model: access.model,
      messages: messages("hello"),
      response_format: { type: "json_schema", json_schema: { name: "answer", schema } },
    });
    return JSON.parse(answer.choices[0]?.message.content ?? "");
  },
  async leave(access, prompt) {
    const stream = await openai(access).chat.completions.create({
      model: access.model,
      messages: messages(prompt),
      stream: true,
    });
    for await (const _ of stream) break;
  },
  seen: (error) =>
    error instanceof APIError ? { status: error.status ?? 0, code: error.code } : { status: 0 },
};

export const openaiResponses: Client = {
  ...openaiChat,
  name: "openai responses",
  async whole(access, input) {
    const answer = await openai(access).responses.create({ model: access.model, input });
    const { input_tokens, output_tokens } = answer.usage ?? {};
    return {
      text: answer.output_text,
      prompt_tokens: input_tokens,
      completion_tokens: output_tokens,
    };
  },
  async stream(access, input) {
    const stream = openai(access).responses.stream({ model: access.model, input });
    const answer = await stream.finalResponse();
    const { input_tokens, output_tokens } = answer.usage ?? {};
    return {
      text: answer.output_text,
      prompt_tokens: input_tokens,
      completion_tokens: output_tokens,
    };
  },
  async tools(access) {
    const asked = { model: access.model };
    const tool = { type: "function" as const, name: "weather", parameters, strict: false };
    const input = { role: "user" as const, content: "hello" };
    const first = await openai(access).responses.create({
      ...asked,
      input: [input],
      tools: [tool],
    });
    const [call] = first.output.filter((item) => item.type === "function_call");
    if (!call) throw new Error("There was no call.");
    const output = {
      type: "function_call_output" as const,
      call_id: call.call_id,
      output: "sunny",
    };
    const second = await openai(access).responses.create({
      ...asked,
      input: [input, call, output],
      tools: [tool],
    });
    return { text: second.output_text, called: [JSON.parse(call.arguments)] };
  },
  async structured(access) {
    const schema = { type: "object", properties: { answer: { type: "number" } } };
    const answer = await openai(access).responses.create({
      model: access.model,
      input: "hello",
      text: { format: { type: "json_schema", name: "answer", schema } },
    });
    return JSON.parse(answer.output_text);
  },
  async leave(access, input) {
    const stream = await openai(access).responses.create({
      model: access.model,
      input,
      stream: true,
    });
    for await (const event of stream) if (event.type === "response.output_text.delta") break;
  },
};
