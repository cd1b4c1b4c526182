import { Agent, OpenAIProvider, Runner, tool } from "@openai/agents";
import OpenAI, { type APIError } from "openai";
import { z } from "zod";
import type { Access, Client } from "./client.ts";

/** RESPONSES: which of the two protocols it speaks. */
export function agents(useResponses: boolean): Client {
  const runner = ({ url, key, fetch }: Access) => {
    const openAIClient = new OpenAI({ baseURL: `${url}/v1`, apiKey: key, maxRetries: 0, fetch });
    // It carries its own copy of the client, of the same version.
    const modelProvider = new OpenAIProvider({
      openAIClient: openAIClient as never,
      useResponses,
    });
    return new Runner({ modelProvider, tracingDisabled: true });
  };
  const agent = ({ model }: Access) => new Agent({ name: "demo", model });
  const counts = (usage: { inputTokens: number; outputTokens: number }) => ({
    prompt_tokens: usage.inputTokens,
    completion_tokens: usage.outputTokens,
  });

  return {
    name: `@openai/agents, ${useResponses ? "responses" : "chat"}`,
    async whole(access, prompt) {
      const result = await runner(access).run(agent(access), prompt);
      return { text: result.finalOutput ?? "", ...counts(result.state.usage) };
    },
    async stream(access, prompt) {
      const result = await runner(access).run(agent(access), prompt, { stream: true });
      let text = "";
      for await (const piece of result.toTextStream()) text += piece;
      await result.completed;
      return { text, ...counts(result.state.usage) };
    },
    async tools(access) {
      const called: unknown[] = [];
      const weather = tool({
        name: "weather",
        description: "Tells the weather.",
        parameters: z.object({ city: z.string() }),
        execute: async (city) => {
          called.push(city);
          return "sunny";
        },
      });
      const { model } = access;
      const helped = new Agent({ name: "demo", model, tools: [weather] });
      const result = await runner(access).run(helped, "hello");
      return { text: result.finalOutput ?? "", called };
    },
    async structured(access) {
      const outputType = z.object({ answer: z.number() });
      const strict = new Agent({ name: "demo", model: access.model, outputType });
      return (await runner(access).run(strict, "hello")).finalOutput;
    },
    async leave(access, prompt) {
      const leaving = new AbortController();
      const result = await runner(access).run(agent(access), prompt, {
        stream: true,
        signal: leaving.signal,
      });
      for await (const _ of result.toTextStream()) break;
      leaving.abort();
    },
    seen(error) {
      const { status = 0, code } = error as APIError;
      return { status, code };
    },
  };
}
