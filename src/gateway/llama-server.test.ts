/** The `openai` client through the gateway to a real llama-server with the demo model. */
import { afterAll, beforeAll, describe, expect, test } from "bun:test";
import { existsSync } from "node:fs";
import { createServer } from "node:net";
import OpenAI from "openai";
import { type GatewayUnderTest, gatewayUnderTest } from "./gateway.testbed.ts";

const weights = new URL("../../agent/weights/demo/hypervize-demo.gguf", import.meta.url).pathname;
const binary = process.env["HYPERVIZE_LLAMA_SERVER"] ?? Bun.which("llama-server");

describe.skipIf(!binary || !existsSync(weights))("with a real llama-server", () => {
  let runtime: Bun.Subprocess;
  let port: number;
  let under: GatewayUnderTest;
  let openai: OpenAI;

  beforeAll(async () => {
    port = await freePort();
    const flags = ["--host", "127.0.0.1", "--port", String(port), "--alias", "demo", "--offline"];
    // With context shift and `ignore_eos` it generates for ever, which the abort test needs.
    flags.push("-m", weights, "-c", "2048", "-np", "2", "--metrics", "--no-ui", "--context-shift");
    runtime = Bun.spawn([binary ?? "", ...flags], { stdout: "ignore", stderr: "ignore" });
    await untilTrue(() => fetch(`http://127.0.0.1:${port}/health`).then(({ ok }) => ok));
    under = gatewayUnderTest({ ports: [port] });
    openai = new OpenAI({ baseURL: `${under.url}/v1`, apiKey: "hv_first", maxRetries: 0 });
  }, 30_000);

  afterAll(async () => {
    await under?.stop();
    runtime?.kill();
    await runtime?.exited;
  });

  const request = {
    model: "demo",
    messages: [{ role: "user" as const, content: "Hello" }],
    max_tokens: 8,
    temperature: 0,
  };
  const lastRow = async () => (await under.rows(1)).at(-1);

  test.each([
    ["a list of prompts", { prompt: ["One", "Two", "Three"] }, 3],
    ["several answers to each", { prompt: ["One", "Two"], n: 2 }, 4],
    ["a stream of a list", { prompt: ["One", "Two", "Three"], stream: true }, 3],
  ])("%s is metered by the piece", async (_, more, pieces) => {
    const before = (await under.rows(0)).length;
    const response = await fetch(`${under.url}/v1/completions`, {
      method: "POST",
      headers: { authorization: "Bearer hv_first", "content-type": "application/json" },
      body: JSON.stringify({ model: "demo", max_tokens: 6, ignore_eos: true, ...more }),
    });
    await response.text();
    const row = (await under.rows(before + 1)).at(-1);
    expect(row).toMatchObject({ completion_tokens: 6 * pieces, source: "engine", status: 200 });
  });

  test("a stream of several answers is counted by what each has made", async () => {
    const before = (await under.rows(0)).length;
    const stream = await openai.chat.completions.create({
      ...request,
      n: 2,
      stream: true,
      // @ts-expect-error llama-server's own field
      ignore_eos: true,
    });
    let frames = 0;
    for await (const { choices } of stream) frames += choices[0]?.delta.content ? 1 : 0;
    const row = (await under.rows(before + 1)).at(-1);
    expect(row?.completion_tokens).toBeGreaterThanOrEqual(frames);
    expect(row?.completion_tokens).toBeGreaterThan(8);
  });

  test("a chat completion comes back with its usage, and the row has the same", async () => {
    const { data, request_id } = await openai.chat.completions.create(request).withResponse();
    expect(data.model).toBe("demo");
    expect(data.choices[0]?.finish_reason).toBeOneOf(["stop", "length"]);
    expect(await lastRow()).toMatchObject({
      id: request_id ?? "",
      prompt_tokens: data.usage?.prompt_tokens ?? -1,
      completion_tokens: data.usage?.completion_tokens ?? -1,
      source: "engine",
    });
  });

  test("a stream says the same as a whole answer, with a usage chunk only if asked", async () => {
    const whole = await openai.chat.completions.create(request);
    for (const include of [true, false]) {
      const options = include ? { stream_options: { include_usage: true } } : {};
      const stream = await openai.chat.completions.create({ ...request, ...options, stream: true });
      expect(await readAll(stream)).toEqual({
        text: whole.choices[0]?.message.content ?? "",
        usages: include ? [whole.usage?.completion_tokens] : [],
      });
      expect(await lastRow()).toMatchObject({
        completion_tokens: whole.usage?.completion_tokens ?? -1,
        source: "engine",
      });
    }
  });

  test("legacy completions and tools reach the runtime", async () => {
    const legacy = { model: "demo", prompt: "Once", max_tokens: 4 };
    expect((await openai.completions.create(legacy)).choices).toHaveLength(1);
    const parameters = { type: "object", properties: { city: { type: "string" } } };
    const tool = { type: "function" as const, function: { name: "weather", parameters } };
    const answer = await openai.chat.completions.create({ ...request, tools: [tool] });
    const bare = await openai.chat.completions.create(request);
    expect(answer.usage?.prompt_tokens).toBeGreaterThanOrEqual(bare.usage?.prompt_tokens ?? 0);
  });

  test("models are listed, and 401, 404 and 400 are the errors that the client knows", async () => {
    expect((await openai.models.list()).data.map(({ id }) => id)).toContain("demo");
    expect((await openai.models.retrieve("demo")).id).toBe("demo");
    const stranger = openai.withOptions({ apiKey: "hv_wrong" });
    expect(await errorOf(stranger.models.list())).toBeInstanceOf(OpenAI.AuthenticationError);
    const unknown = openai.chat.completions.create({ ...request, model: "nope" });
    expect(await errorOf(unknown)).toBeInstanceOf(OpenAI.NotFoundError);
    const long = [{ role: "user" as const, content: "word ".repeat(5_000) }];
    const tooLong = openai.chat.completions.create({ ...request, messages: long });
    const overflow = { status: 400, code: "context_length_exceeded", param: "messages" };
    expect(await errorOf(tooLong)).toMatchObject(overflow);
  });

  test("of a key given twice, llama-server sees the value that was checked", async () => {
    const text = `{"stream":true,"model":"demo","max_tokens":2,"messages":[{"role":"user","content":"Hi"}],"stream":false}`;
    const response = await under.post(text);
    expect(response.headers.get("content-type")).toStartWith("application/json");
    await response.json();
  });

  test("what makes llama-server show its prompt is refused, and is still called that", async () => {
    const body = { ...request, verbose: true };
    const bare = await fetch(`http://127.0.0.1:${port}/v1/chat/completions`, {
      method: "POST",
      headers: { "content-type": "application/json" },
      body: JSON.stringify(body),
    });
    expect(await bare.json()).toHaveProperty("__verbose.prompt");
    const refused = openai.chat.completions.create(body);
    expect(await errorOf(refused)).toMatchObject({ status: 400, param: "verbose" });
  });

  test("within a second of an abort llama-server generates no more", async () => {
    const endless = { ...request, max_tokens: -1, ignore_eos: true, stream: true as const };
    const stream = await openai.chat.completions.create(endless);
    let chunks = 0;
    for await (const _ of stream) if (++chunks === 20) break;
    const brokenOffAt = performance.now();
    await untilTrue(async () => (await processing(port)) === 0);
    expect(performance.now() - brokenOffAt).toBeLessThan(1_000);
    expect(await lastRow()).toMatchObject({ status: 499 });
    expect(under.gateway.inflight()).toBe(0);
  });
});

async function readAll(stream: AsyncIterable<OpenAI.ChatCompletionChunk>) {
  let text = "";
  const usages: unknown[] = [];
  for await (const chunk of stream) {
    text += chunk.choices[0]?.delta.content ?? "";
    if (chunk.usage) usages.push(chunk.usage.completion_tokens);
  }
  return { text, usages };
}

const errorOf = (promise: PromiseLike<unknown>): PromiseLike<unknown> =>
  promise.then(
    () => null,
    (error: unknown) => error,
  );

async function processing(port: number): Promise<number> {
  const metrics = await (await fetch(`http://127.0.0.1:${port}/metrics`)).text();
  return Number(/^llamacpp:requests_processing (\d+)/m.exec(metrics)?.[1] ?? Number.NaN);
}

/** Asks again every 20 ms; the test's own timeout bounds it. */
async function untilTrue(ask: () => Promise<boolean>): Promise<void> {
  while (!(await ask().catch(() => false))) await Bun.sleep(20);
}

function freePort(): Promise<number> {
  return new Promise((resolve) => {
    const server = createServer().listen(0, "127.0.0.1", () => {
      const address = server.address();
      server.close(() => resolve(typeof address === "object" ? (address?.port ?? 0) : 0));
    });
  });
}
