/** For tests: a real llama-server with the demo model, and a client that counts as the gateway does. */
import { existsSync } from "node:fs";
import { createServer } from "node:net";
import type { AskRuntime } from "./recount.ts";

const weights = new URL("../../../../agent/weights/demo/hypervize-demo.gguf", import.meta.url)
  .pathname;
const binary = process.env["HYPERVIZE_LLAMA_SERVER"] ?? Bun.which("llama-server");

export const hasLlama = Boolean(binary) && existsSync(weights);

export interface Usage {
  prompt_tokens: number;
  completion_tokens: number;
  cached_tokens: number;
}

export type Llama = Awaited<ReturnType<typeof startLlama>>;

export async function startLlama(...more: string[]) {
  const port = await freePort();
  const url = `http://127.0.0.1:${port}`;
  const flags = ["--host", "127.0.0.1", "--port", String(port), "--alias", "demo", "--offline"];
  flags.push("-m", weights, "-c", "4096", "-np", "2", "-t", "1", "-tb", "1", "--jinja");
  flags.push("--metrics", "--no-ui", "--context-shift", "-lv", "1", ...more);
  const runtime = Bun.spawn([binary ?? "", ...flags], { stdout: "ignore", stderr: "ignore" });
  // One connection each: llama-server closes a kept one after its hundredth request.
  const send = (path: string, body: unknown, signal: AbortSignal | null = null) =>
    fetch(url + path, {
      method: "POST",
      body: JSON.stringify(body),
      headers: { "content-type": "application/json", connection: "close" },
      signal,
    });
  const metrics = async () =>
    (await fetch(`${url}/metrics`, { headers: { connection: "close" } })).text();
  await untilTrue(async () => (await fetch(`${url}/health`)).ok);

  const ask: AskRuntime = async (path, body, signal) => {
    const response = await send(path, body, signal);
    if (!response.ok) throw new Error(`HTTP ${response.status}`);
    return await response.json();
  };
  return {
    port,
    ask,
    metrics,
    /** The engine's own counts for a whole answer. */
    async usageOf(path: string, body: object): Promise<Usage> {
      const { usage } = (await (await send(path, body)).json()) as { usage: OpenAiUsage };
      return counted(usage);
    },
    /** Reads a stream; with CUT_AFTER it goes away when so many frames with content have passed. */
    async stream(path: string, body: object, cut_after = Number.POSITIVE_INFINITY) {
      const leave = new AbortController();
      const asked = { ...body, stream: true, stream_options: { include_usage: true } };
      let frames = 0;
      let usage: Usage | null = null;
      const answer = await send(path, asked, leave.signal);
      for await (const chunk of chunksOf(answer, leave.signal)) {
        if (chunk.usage) usage = counted(chunk.usage);
        if (chunk.choices.some(hasContent)) frames += 1;
        if (frames >= cut_after) leave.abort();
      }
      return { frames, usage, text: JSON.stringify(asked) };
    },
    idle: () => untilTrue(async () => (await inflight(metrics)) === 0),
    async stop() {
      runtime.kill();
      await runtime.exited;
    },
  };
}

interface OpenAiUsage {
  prompt_tokens: number;
  completion_tokens: number;
  prompt_tokens_details?: { cached_tokens: number };
}

interface Chunk {
  choices: { text?: string; delta?: { content?: string | null; tool_calls?: unknown } }[];
  usage?: OpenAiUsage;
}

const counted = (usage: OpenAiUsage): Usage => ({
  prompt_tokens: usage.prompt_tokens,
  completion_tokens: usage.completion_tokens,
  cached_tokens: usage.prompt_tokens_details?.cached_tokens ?? 0,
});

const hasContent = ({ text, delta }: Chunk["choices"][number]): boolean =>
  Boolean(text || delta?.content || delta?.tool_calls);

/** Ends when LEAVING does. */
async function* chunksOf(response: Response, leaving: AbortSignal): AsyncGenerator<Chunk> {
  let pending = "";
  const decoder = new TextDecoder();
  try {
    for await (const bytes of response.body ?? []) {
      const frames = (pending + decoder.decode(bytes, { stream: true })).split("\n\n");
      pending = frames.pop() ?? "";
      for (const frame of frames) {
        if (frame.includes("[DONE]") || leaving.aborted) return;
        yield JSON.parse(frame.slice("data: ".length)) as Chunk;
      }
    }
  } catch (error) {
    if (!leaving.aborted) throw error;
  }
}

async function inflight(metrics: () => Promise<string>): Promise<number> {
  const values = (await metrics()).matchAll(/^llamacpp:requests_(?:processing|deferred) (\d+)/gm);
  return [...values].reduce((sum, [, value]) => sum + Number(value), 0);
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
