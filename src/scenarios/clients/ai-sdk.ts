import { createOpenAICompatible } from "@ai-sdk/openai-compatible";
import {
  APICallError,
  generateObject,
  generateText,
  jsonSchema,
  stepCountIs,
  streamText,
  tool,
} from "ai";
import type { Access, Client } from "./client.ts";

const modelOf = ({ url, key, model, fetch }: Access) =>
  createOpenAICompatible({
    name: "hypervize",
    baseURL: `${url}/v1`,
    apiKey: key,
    fetch,
    includeUsage: true,
    supportsStructuredOutputs: true,
  })(model);

const counts = ({ inputTokens, outputTokens }: Record<string, unknown>) => ({
  prompt_tokens: inputTokens as number,
  completion_tokens: outputTokens as number,
});

export const aiSdk: Client = {
  name: "ai",
  async whole(access, prompt) {
    const { text, usage } = await generateText({ model: modelOf(access), prompt, maxRetries: 0 });
    return { text, ...counts({ ...usage }) };
  },
  async stream(access, prompt) {
    // Errors come as parts of the stream, and would be printed by default.
    const onError = () => undefined;
    const result = streamText({
      model: modelOf(access),
      prompt,
      maxRetries: 0,
      onError,
    });
    let text = "";
    for await (const part of result.fullStream) {
      if (part.type === "text-delta") text += part.text;
      if (part.type === "error") throw part.error;
    }
    // Asked for here: a promise taken before would be rejected with nobody to hear it.
    return { text, ...counts({ ...(await result.usage) }) };
  },
  async tools(access) {
    const called: unknown[] = [];
    const weather = tool({
      description: "Tells the weather.",
      inputSchema: jsonSchema<{ city: string }>({
        type: "object",
        properties: { city: { type: "string" } },
      }),
      execute: async (city) => {
        called.push(city);
        return "sunny";
      },
    });
    const { text } = await generateText({
      model: modelOf(access),
      prompt: "hello",
      tools: { weather },
      maxRetries: 0,
      stopWhen: stepCountIs(3),
    });
    return { text, called };
  },
  async structured(access) {
    const schema = jsonSchema<{ answer: number }>({
      type: "object",
      properties: { answer: { type: "number" } },
    });
    const asked = { model: modelOf(access), prompt: "hello", schema, maxRetries: 0 };
    return (await generateObject(asked)).object;
  },
  async leave(access, prompt) {
    const leaving = new AbortController();
    const { textStream } = streamText({
      model: modelOf(access),
      prompt,
      abortSignal: leaving.signal,
      onError: () => undefined,
    });
    for await (const _ of textStream) break;
    leaving.abort();
  },
  seen(error) {
    if (!APICallError.isInstance(error)) return { status: 0 };
    const body = JSON.parse(error.responseBody ?? "{}");
    return { status: error.statusCode ?? 0, code: body.error?.code };
  },
};
