import { HumanMessage, ToolMessage } from "@langchain/core/messages";
import { ChatOpenAI } from "@langchain/openai";
import { z } from "zod";
import type { Access, Client } from "./client.ts";

const chat = ({ url, key, model, fetch }: Access) =>
  new ChatOpenAI({
    model,
    apiKey: key,
    maxRetries: 0,
    configuration: { baseURL: `${url}/v1`, fetch },
  });

const weather = {
  type: "function" as const,
  function: {
    name: "weather",
    description: "Tells the weather.",
    parameters: { type: "object", properties: { city: { type: "string" } } },
  },
};

interface Counts {
  input_tokens: number;
  output_tokens: number;
}

const counts = (usage: Counts | undefined) => ({
  prompt_tokens: usage?.input_tokens,
  completion_tokens: usage?.output_tokens,
});

export const langchain: Client = {
  name: "@langchain/openai",
  async whole(access, prompt) {
    const answer = await chat(access).invoke(prompt);
    return { text: answer.text, ...counts(answer.usage_metadata) };
  },
  async stream(access, prompt) {
    let text = "";
    let usage: Counts | undefined;
    for await (const piece of await chat(access).stream(prompt)) {
      text += piece.text;
      usage = piece.usage_metadata ?? usage;
    }
    return { text, ...counts(usage) };
  },
  async tools(access) {
    const model = chat(access).bindTools([weather]);
    const asked = new HumanMessage("hello");
    const first = await model.invoke([asked]);
    const [call] = first.tool_calls ?? [];
    if (!call) throw new Error("There was no call.");
    const result = new ToolMessage({ tool_call_id: call.id ?? "", content: "sunny" });
    const second = await model.invoke([asked, first, result]);
    return { text: second.text, called: [call.args] };
  },
  structured(access) {
    const answer = z.object({ answer: z.number() });
    return chat(access).withStructuredOutput(answer, { method: "jsonSchema" }).invoke("hello");
  },
  async leave(access, prompt) {
    const leaving = new AbortController();
    const stream = await chat(access).stream(prompt, { signal: leaving.signal });
    for await (const piece of stream) if (piece.text !== "") break;
    leaving.abort();
  },
  seen(error) {
    const { status = 0, code } = error as { status?: number; code?: unknown };
    return { status, code };
  },
};
