/** Requests of several pieces through the gateway to a real llama-server, against what it counts itself. */
import { afterAll, beforeAll, describe, expect, test } from "bun:test";
import { existsSync } from "node:fs";
import { createServer } from "node:net";
import { type GatewayUnderTest, gatewayUnderTest, readyReplica } from "../gateway.testbed.ts";
import type { UsageRow } from "../ports.ts";

const weights = new URL("../../../agent/weights/demo/hypervize-demo.gguf", import.meta.url)
  .pathname;
const binary = process.env["HYPERVIZE_LLAMA_SERVER"] ?? Bun.which("llama-server");

interface Answer {
  choices: { index: number; text?: string; finish_reason: string | null; delta?: object }[];
  usage?: { prompt_tokens: number; completion_tokens: number; total_tokens: number };
}

describe.skipIf(!binary || !existsSync(weights))("pieces, with a real llama-server", () => {
  let runtime: Bun.Subprocess;
  let port: number;
  let under: GatewayUnderTest;
  let known = 0;

  beforeAll(async () => {
    port = await freePort();
    const flags = ["--host", "127.0.0.1", "--port", String(port), "--alias", "demo", "--offline"];
    flags.push("-m", weights, "-c", "4096", "-np", "4", "-t", "1", "-tb", "1", "--jinja");
    flags.push("--metrics", "--no-ui", "--context-shift");
    runtime = Bun.spawn([binary ?? "", ...flags], { stdout: "ignore", stderr: "ignore" });
    await untilTrue(() => fetch(`http://127.0.0.1:${port}/health`).then(({ ok }) => ok));
    const ready = [{ ...readyReplica("rep_1", port), slots: 4 }];
    const two = { id: "mdl_two", name: "two", created_at: 0, ready, reason: null, endpoint: null };
    under = gatewayUnderTest({ ports: [], models: [two] });
  }, 30_000);
  afterAll(async () => {
    await under?.stop();
    runtime?.kill();
    await runtime?.exited;
  });

  const post = (path: string, body: object, signal: AbortSignal | null = null) =>
    fetch(`${under.url}/v1/${path}`, {
      method: "POST",
      headers: { authorization: "Bearer hv_first", "content-type": "application/json" },
      body: JSON.stringify({ model: "two", ...body }),
      signal,
    });
  async function whole(path: string, body: object): Promise<Answer> {
    const response = await post(path, body);
    expect(response.status).toBe(200);
    return (await response.json()) as Answer;
  }
  async function streamed(path: string, body: object): Promise<Answer[]> {
    const options = { stream: true, stream_options: { include_usage: true } };
    const text = await (await post(path, { ...body, ...options })).text();
    expect(text).toEndWith("data: [DONE]\n\n");
    const frames = text.split("\n\n").filter((frame) => frame.startsWith("data: {"));
    return frames.map((frame) => JSON.parse(frame.slice("data: ".length)) as Answer);
  }
  /** The row of the request that was just made. */
  async function row(): Promise<UsageRow | undefined> {
    return (await under.rows(++known)).at(-1);
  }

  const prompts = Array.from({ length: 40 }, (_, at) => `tell me a story please now number ${at}`);
  const fixed = { max_tokens: 20, ignore_eos: true, temperature: 0 };

  test("40 prompts of 20 tokens are 800 tokens and all 40 prompts, whole and streamed", async () => {
    let prompt_tokens = 0;
    const texts: string[] = [];
    for (const prompt of prompts.slice(0, 3)) {
      const single = await whole("completions", { prompt, ...fixed });
      texts.push(single.choices[0]?.text ?? "");
      await row();
    }
    for (const prompt of prompts) prompt_tokens += await promptTokens(port, prompt);
    const counts = {
      prompt_tokens,
      completion_tokens: 800,
      source: "engine",
      status: 200,
    } as const;

    const before = await predicted(port);
    const list = await whole("completions", { prompt: prompts, ...fixed });
    expect(await predicted(port)).toBe(before + 800);
    expect(await row()).toMatchObject(counts);
    expect(list.usage).toMatchObject({ prompt_tokens, completion_tokens: 800 });
    expect(list.choices.map(({ index }) => index)).toEqual(prompts.map((_, at) => at));
    expect(list.choices.slice(0, 3).map(({ text }) => text)).toEqual(texts);

    const chunks = await streamed("completions", { prompt: prompts, ...fixed });
    expect(await row()).toMatchObject(counts);
    const written = prompts.map(() => "");
    for (const { choices } of chunks) {
      for (const { index, text } of choices) written[index] += text ?? "";
    }
    expect(written).toEqual(list.choices.map(({ text }) => text ?? ""));
    expect(chunks.filter(({ usage }) => usage)).toEqual([
      expect.objectContaining({
        choices: [],
        usage: expect.objectContaining({ prompt_tokens, completion_tokens: 800 }),
      }),
    ]);
    expect(new Set(chunks.map((chunk) => (chunk as Answer & { id: string }).id)).size).toBe(1);
  }, 60_000);

  test("lists of tokens are as many prompts as there are lists, tokens alone are one", async () => {
    const asked = { max_tokens: 3, ignore_eos: true };
    await whole("completions", {
      prompt: [
        [5, 6],
        [7, 8, 9],
      ],
      ...asked,
    });
    expect(await row()).toMatchObject({ prompt_tokens: 5, completion_tokens: 6 });
    await whole("completions", { prompt: [5, 6, 7, 8], ...asked });
    expect(await row()).toMatchObject({ prompt_tokens: 4, completion_tokens: 3 });
    expect((await whole("completions", { prompt: ["a", [7, 8]], ...asked })).choices).toHaveLength(
      2,
    );
    expect(await row()).toMatchObject({ completion_tokens: 6 });
  });

  test.each([["chat/completions"], ["completions"]])(
    "%s: n answers are all counted, and their prompt once; there may be more than slots",
    async (path) => {
      const given = path === "completions" ? { prompt: "A story" } : hi;
      const single = await whole(path, { ...given, ...fixed });
      await row();
      const prompt_tokens = single.usage?.prompt_tokens ?? Number.NaN;
      const counts = { prompt_tokens, completion_tokens: 100, source: "engine" } as const;
      const several = { ...given, ...fixed, temperature: 1, seed: 7, n: 5 };
      const { choices, usage } = await whole(path, several);
      expect(await row()).toMatchObject(counts);
      expect(usage?.total_tokens).toBe(prompt_tokens + 100);
      expect(choices.map(({ index }) => index)).toEqual([0, 1, 2, 3, 4]);
      await streamed(path, several);
      expect(await row()).toMatchObject(counts);
    },
  );

  test("prompts times answers, in the order of the API", async () => {
    const { choices } = await whole("completions", { prompt: ["one", "two"], ...fixed, n: 2 });
    expect(choices.map(({ index }) => index)).toEqual([0, 1, 2, 3]);
    expect(choices[0]?.text).toBe(choices[1]?.text ?? "");
    expect(choices[0]?.text).not.toBe(choices[2]?.text ?? "");
    expect(await row()).toMatchObject({ completion_tokens: 80 });
  });

  test("a list that is broken off half way costs what was made until then", async () => {
    const before = await predicted(port);
    const leave = new AbortController();
    const endless = { prompt: prompts, max_tokens: 200, ignore_eos: true };
    const response = await post("completions", { ...endless, stream: true }, leave.signal);
    let ended = 0;
    for await (const bytes of response.body ?? []) {
      ended += new TextDecoder().decode(bytes).split('"finish_reason":"length"').length - 1;
      if (ended >= 3) break;
    }
    leave.abort();
    const made = await row();
    await untilTrue(async () => (await metric(port, "requests_processing")) === 0);
    expect(made).toMatchObject({ status: 499, source: "estimated" });
    // Three are whole, two more at most were begun.
    expect(made?.completion_tokens).toBeWithin(600, 1_001);
    // What llama-server makes until it hears of the end.
    expect((await predicted(port)) - before - (made?.completion_tokens ?? 0)).toBeWithin(-3, 40);
    expect(made?.prompt_tokens).toBeLessThan(100);
  }, 30_000);

  test("so does one whose answer was to come whole", async () => {
    const leave = new AbortController();
    const before = await predicted(port);
    const endless = { prompt: prompts, max_tokens: 200, ignore_eos: true };
    const asked = post("completions", endless, leave.signal).catch(() => null);
    await untilTrue(async () => (await predicted(port)) >= before + 600);
    leave.abort();
    await asked;
    const made = await row();
    expect(made).toMatchObject({ status: 499 });
    expect(made?.completion_tokens).toBeGreaterThanOrEqual(400);
    expect((made?.completion_tokens ?? 0) % 200).toBe(0);
  }, 30_000);

  test("whoever asks for one token while a list is worked on waits for a piece, not for the list", async () => {
    const leave = new AbortController();
    const long = { prompt: Array(200).fill("A story"), max_tokens: 200, ignore_eos: true };
    let isOver = false;
    const list = post("completions", long, leave.signal).then(
      () => {
        isOver = true;
      },
      () => undefined,
    );
    await untilTrue(async () => (await metric(port, "requests_processing")) === 2);
    for (let time = 0; time < 3; time++) {
      expect((await whole("completions", { prompt: "Hi", max_tokens: 1 })).choices).toHaveLength(1);
      await row();
    }
    expect([isOver, await metric(port, "requests_deferred")]).toEqual([false, 0]);
    leave.abort();
    await list;
    await row();
  }, 30_000);
});

const hi = { messages: [{ role: "user", content: "Hello" }] };

async function metric(port: number, name: string): Promise<number> {
  const text = await (await fetch(`http://127.0.0.1:${port}/metrics`)).text();
  return Number(new RegExp(`^llamacpp:${name} (\\d+)`, "m").exec(text)?.[1] ?? Number.NaN);
}

const predicted = (port: number) => metric(port, "tokens_predicted_total");

async function promptTokens(port: number, content: string): Promise<number> {
  const body = JSON.stringify({ content, add_special: true, parse_special: true });
  const answer = await fetch(`http://127.0.0.1:${port}/tokenize`, { method: "POST", body });
  return ((await answer.json()) as { tokens: unknown[] }).tokens.length;
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
