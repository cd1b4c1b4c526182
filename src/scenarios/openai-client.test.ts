/** The `openai` npm client against the whole appliance: gateway, agent, real llama-server. */
import { afterAll, beforeAll, describe, expect, test } from "bun:test";
import OpenAI from "openai";
import type { AgentProcess } from "./agent-process.ts";
import { eventually, Testbed } from "./appliance.testbed.ts";
import { ApplianceProcess } from "./appliance-process.ts";
import { model } from "./chat.ts";

const testbed = new Testbed();
let appliance: ApplianceProcess;
let agent: AgentProcess;
let client: OpenAI;

beforeAll(async () => {
  appliance = await ApplianceProcess.create(testbed);
  agent = await appliance.addAgent();
  await appliance.addDemoModel({ context_tokens: 8192 });
  await appliance.ready();
  const { key } = await appliance.createKey();
  client = new OpenAI({ baseURL: `${appliance.url}/v1`, apiKey: key, maxRetries: 0 });
}, 60_000);
afterAll(() => testbed.end(), 30_000);

const hello: OpenAI.ChatCompletionMessageParam[] = [{ role: "user", content: "What is 2+2?" }];

async function rowOf(id: string | null | undefined) {
  const rows = await appliance.usage();
  return rows.find((row) => row.id === id);
}

describe("chat", () => {
  test("answers, with usage, and the row in the database says the same", async () => {
    const { data, request_id } = await client.chat.completions
      .create({ model, temperature: 0, messages: hello })
      .withResponse();
    expect(data.choices[0]?.message.content).toContain("4");
    expect(data.choices[0]?.finish_reason).toBe("stop");
    expect(data.model).toBe(model);
    expect(await rowOf(request_id)).toMatchObject({
      prompt_tokens: data.usage?.prompt_tokens,
      completion_tokens: data.usage?.completion_tokens,
      status: 200,
      stream: false,
      source: "engine",
    });
  });

  test("streams, and asks the runtime for usage without showing it", async () => {
    const { data, request_id } = await client.chat.completions
      .create({ model, temperature: 0, messages: hello, stream: true })
      .withResponse();
    let text = "";
    let finish: string | null | undefined;
    for await (const chunk of data) {
      expect(chunk.choices).toHaveLength(1);
      expect(chunk.usage ?? null).toBeNull();
      text += chunk.choices[0]?.delta.content ?? "";
      finish = chunk.choices[0]?.finish_reason ?? finish;
    }
    expect(text).toContain("4");
    expect(finish).toBe("stop");
    const row = await rowOf(request_id);
    expect(row).toMatchObject({ status: 200, stream: true, source: "engine" });
    expect(row?.completion_tokens).toBeGreaterThan(0);
    expect(row?.ttft_ms).toBeGreaterThan(0);
  });

  test("streams usage exactly once when it was asked for", async () => {
    const { data, request_id } = await client.chat.completions
      .create({
        model,
        temperature: 0,
        messages: hello,
        stream: true,
        stream_options: { include_usage: true },
      })
      .withResponse();
    const usages: OpenAI.CompletionUsage[] = [];
    for await (const chunk of data) if (chunk.usage) usages.push(chunk.usage);
    expect(usages).toHaveLength(1);
    expect(await rowOf(request_id)).toMatchObject({
      prompt_tokens: usages[0]?.prompt_tokens,
      completion_tokens: usages[0]?.completion_tokens,
    });
  });

  test("calls a tool and uses its result", async () => {
    const tools: OpenAI.ChatCompletionTool[] = [
      {
        type: "function",
        function: {
          name: "get_weather",
          description: "Get the current weather in a city",
          parameters: {
            type: "object",
            properties: { city: { type: "string" } },
            required: ["city"],
          },
        },
      },
    ];
    const messages: OpenAI.ChatCompletionMessageParam[] = [
      { role: "user", content: "What is the weather in Paris?" },
    ];
    const first = await client.chat.completions.create({ model, temperature: 0, messages, tools });
    const message = first.choices[0]?.message;
    const call = message?.tool_calls?.[0];
    if (!message || call?.type !== "function") throw new Error("no tool call");
    expect(first.choices[0]?.finish_reason).toBe("tool_calls");
    expect(call.function.name).toBe("get_weather");
    expect(JSON.parse(call.function.arguments)).toEqual({ city: "Paris" });
    const result: OpenAI.ChatCompletionMessageParam = {
      role: "tool",
      tool_call_id: call.id,
      content: '{"temperature_c": 18, "sky": "sunny"}',
    };
    const second = await client.chat.completions.create({
      model,
      temperature: 0,
      messages: [...messages, message, result],
      tools,
    });
    expect(second.choices[0]?.message.content?.length).toBeGreaterThan(0);
  });
});

describe("other routes", () => {
  test("completes raw text", async () => {
    const answer = await client.completions.create({
      model,
      prompt: "Once upon a time",
      max_tokens: 16,
      temperature: 0,
    });
    expect(answer.choices[0]?.text.length).toBeGreaterThan(0);
  });

  test("lists the models, and shows one", async () => {
    const names: string[] = [];
    for await (const entry of client.models.list()) names.push(entry.id);
    expect(names).toEqual([model]);
    expect(await client.models.retrieve(model)).toMatchObject({ id: model, object: "model" });
  });

  test("/api/chat/completions is the same handler", async () => {
    const other = new OpenAI({ baseURL: `${appliance.url}/api`, apiKey: client.apiKey });
    const answer = await other.chat.completions.create({ model, temperature: 0, messages: hello });
    expect(answer.choices[0]?.message.content).toContain("4");
  });
});

describe("errors", () => {
  test("a wrong key is 401 with a code and a request id", async () => {
    const stranger = new OpenAI({
      baseURL: `${appliance.url}/v1`,
      apiKey: "hv_wrong",
      maxRetries: 0,
    });
    const error = await stranger.models.list().catch((e: unknown) => e);
    expect(error).toBeInstanceOf(OpenAI.AuthenticationError);
    expect(error).toMatchObject({ status: 401, code: "invalid_api_key" });
    expect((error as { requestID: string }).requestID).toStartWith("req_");
  });

  test("an unknown model is 404 and names the parameter", async () => {
    const error = await client.chat.completions
      .create({ model: "nope", messages: hello })
      .catch((e: unknown) => e);
    expect(error).toBeInstanceOf(OpenAI.NotFoundError);
    expect(error).toMatchObject({ code: "model_not_found", param: "model" });
  });

  test("a request that is too long for the context says so", async () => {
    const error = await client.chat.completions
      .create({ model, messages: [{ role: "user", content: "word ".repeat(20_000) }] })
      .catch((e: unknown) => e);
    expect(error).toMatchObject({ status: 400, code: "context_length_exceeded" });
  });
});

/** What llama-server says that it is working on. */
async function processing(): Promise<number> {
  const { port } = await agent.runtime();
  const metrics = await (await fetch(`http://127.0.0.1:${port}/metrics`)).text();
  return Number(/^llamacpp:requests_processing (\d+)/m.exec(metrics)?.[1]);
}

test("a client that leaves mid-stream stops the generation within a second", async () => {
  const endless = { max_tokens: 8000, ignore_eos: true };
  const messages = [{ role: "user" as const, content: "Count to 100." }];
  const whole = await client.chat.completions.create({ model, messages, max_tokens: 1 });
  const { data, request_id } = await client.chat.completions
    .create({
      model,
      stream: true,
      messages,
      ...endless,
    })
    .withResponse();
  for await (const _ of data) {
    expect(await processing()).toBe(1);
    break;
  }
  const left = performance.now();
  await eventually("llama-server is idle", async () => (await processing()) === 0);
  expect(performance.now() - left).toBeLessThan(1000);
  // The row is there at once, with an estimate; then the runtime's own tokenizer is asked.
  const row = await eventually("its row is counted", async () => {
    const found = await rowOf(request_id);
    return found?.source === "counted" ? found : undefined;
  });
  expect(row).toMatchObject({ status: 499, stream: true });
  expect(row.prompt_tokens).toBe(whole.usage?.prompt_tokens ?? -1);
  expect(row.completion_tokens).toBeLessThan(8000);
  const [replica] = (await appliance.hosts()).flatMap((host) => host.replicas);
  expect(replica).toMatchObject({ state: "ready", inflight: 0 });
}, 20_000);
