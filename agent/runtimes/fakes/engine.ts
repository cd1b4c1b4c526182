/**
 * What the stand-ins for vLLM and SGLang share: the routes that both serve, and the ways in which they fail. There is
 * no GPU here to run the real ones on. FAKE_FAILS, or `fails` beside the weights, names a failure, FAKE_START_MS how
 * long loading takes.
 */
import { spawn } from "node:child_process";
import { existsSync, readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { type Habits, Sleeper } from "./sleeper.ts";

export interface Stage {
  model: string;
  port: number;
  weights: string;
  context_tokens: number;
  /** Log lines of a start. */
  says: readonly string[];
  /** What it dies of, by failure. */
  dies: Readonly<Record<string, string>>;
  /** Prints that as the engine does, with all that its processes say besides, and ends. */
  end(cause: string): never;
  metrics(running: number): string;
  /** Prints a request when it was not told to keep quiet. */
  heard(body: string): void;
  habits: Habits;
  /** Its own routes; undefined for none such. */
  control(
    request: Request,
    sleeper: Sleeper,
    running: number,
  ): Response | Promise<Response> | undefined;
}

let failure = process.env["FAKE_FAILS"] ?? "";

export async function play(stage: Stage): Promise<void> {
  const log = (line: string) => process.stderr.write(`${line}\n`);
  const names = existsSync(stage.weights) ? readdirSync(stage.weights) : [];
  if (!names.some((name) => name.endsWith(".safetensors"))) {
    die(`OSError: ${stage.weights} does not appear to have any safetensors`);
  }
  if (names.includes("fails")) failure = readFileSync(join(stage.weights, "fails"), "utf8");
  for (const line of stage.says) log(line);
  if (failure === "hang") await new Promise(() => setInterval(() => undefined, 60_000));
  await Bun.sleep(Number(process.env["FAKE_START_MS"] ?? 20));
  const last_words = stage.dies[failure];
  if (last_words !== undefined) stage.end(last_words);
  // The engine's own process, which outlives its parent when nobody ends the group.
  if (failure === "child") spawn("sleep", ["300"], { stdio: "ignore" }).unref();
  serve(stage, log);
}

/** Of a traceback. */
export const frames = (head: string, count: number): string[] =>
  Array.from({ length: count }, (_, at) => `${head}  File "core.py", line ${at}, in run`);

export function die(text: string): never {
  process.stderr.write(`${text}\n`);
  process.exit(1);
}

/** Takes the flags that the real parser takes, in full, and refuses others as argparse does. */
export function flagsFrom(
  words: readonly string[],
  known: ReadonlySet<string>,
  switches: ReadonlySet<string>,
): Map<string, string> {
  const flags = new Map<string, string>();
  for (let at = 0; at < words.length; at++) {
    const [flag = "", inline] = (words[at] ?? "").split(/=(.*)/s);
    if (switches.has(flag)) flags.set(flag, "");
    else if (known.has(flag)) flags.set(flag, inline ?? words[++at] ?? "");
    else {
      process.stderr.write(`usage: [-h]\nerror: unrecognized arguments: ${words[at]}\n`);
      process.exit(2);
    }
  }
  return flags;
}

function serve(stage: Stage, log: (line: string) => void): void {
  // As uvicorn does, and only from here on: the first process of a container ignores what it has no handler for.
  process.on("SIGTERM", () => {
    if (failure !== "deaf") process.exit(0);
    log("received SIGTERM, and stays");
  });
  let running = 0;
  const sleeper = new Sleeper(stage.habits);
  const generated = async (request: Request): Promise<Response> => {
    const text = await request.text();
    sleeper.asked();
    stage.heard(text);
    if (failure === "tokenless") {
      const message = "default chat template is no longer allowed, so you must provide one";
      return Response.json(wrong(message, 400), { status: 400 });
    }
    if (failure === "dead") {
      return Response.json(wrong("EngineCore encountered an issue.", 500), { status: 500 });
    }
    const body = JSON.parse(text) as Asked;
    if (!body.stream) {
      return Response.json(answer(stage.model, body, sleeper.garbled ? ["!!!!!!!!"] : words));
    }
    running++;
    const stream = new ReadableStream({
      async start(controller) {
        for await (const piece of pieces(stage.model, body, () => running--))
          controller.enqueue(piece);
        controller.close();
      },
    });
    return new Response(stream, { headers: { "content-type": "text/event-stream" } });
  };
  try {
    Bun.serve({
      hostname: "127.0.0.1",
      port: stage.port,
      idleTimeout: 0,
      fetch(request) {
        const { pathname } = new URL(request.url);
        const controlled = stage.control(request, sleeper, running);
        if (controlled) return controlled;
        if (/^\/v1\/(?:chat\/)?completions$/.test(pathname)) return generated(request);
        if (pathname === "/health") return new Response();
        if (pathname === "/metrics") return new Response(stage.metrics(running));
        if (pathname !== "/v1/models") {
          return Response.json({ detail: "Not Found" }, { status: 404 });
        }
        const card = { id: stage.model, object: "model", max_model_len: stage.context_tokens };
        return Response.json({ object: "list", data: [card] });
      },
    });
  } catch {
    stage.end(`OSError: [Errno 98] Address already in use: ('127.0.0.1', ${stage.port})`);
  }
  log("INFO:     Application startup complete.");
  const lifetime_ms = Number(process.env["FAKE_LIVES_MS"] ?? 0);
  if (lifetime_ms > 0)
    setTimeout(() => die("torch.OutOfMemoryError: CUDA out of memory."), lifetime_ms);
}

interface Asked {
  max_tokens?: number;
  stream?: boolean;
  stream_options?: { include_usage?: boolean };
}

const words = ["A", " stand-in", " for", " an", " engine", "."];
const wrong = (message: string, code: number) => ({
  error: { message, type: "InternalServerError", code },
});
const tokensOf = ({ max_tokens = words.length }: Asked) => Math.min(max_tokens, words.length);
const usageOf = (asked: Asked) => {
  const completion_tokens = tokensOf(asked);
  return { prompt_tokens: 5, completion_tokens, total_tokens: 5 + completion_tokens };
};
const finishOf = (asked: Asked) => (tokensOf(asked) < words.length ? "length" : "stop");

function answer(model: string, asked: Asked, said: readonly string[]) {
  const content = said.slice(0, tokensOf(asked)).join("");
  const message = { role: "assistant", content };
  const choices = [{ index: 0, message, text: content, finish_reason: finishOf(asked) }];
  const about = { id: "chatcmpl-fake", object: "chat.completion", created: 0, model };
  return { ...about, choices, usage: usageOf(asked) };
}

async function* pieces(model: string, asked: Asked, over: () => void) {
  const about = { id: "chatcmpl-fake", object: "chat.completion.chunk", created: 0, model };
  const frame = (more: object) => `data: ${JSON.stringify({ ...about, ...more })}\n\n`;
  try {
    for (const content of words.slice(0, tokensOf(asked))) {
      yield frame({ choices: [{ index: 0, delta: { content }, finish_reason: null }] });
      await Bun.sleep(Number(process.env["FAKE_TOKEN_MS"] ?? 0));
    }
    yield frame({ choices: [{ index: 0, delta: {}, finish_reason: finishOf(asked) }] });
    if (asked.stream_options?.include_usage) yield frame({ choices: [], usage: usageOf(asked) });
    yield "data: [DONE]\n\n";
  } finally {
    over();
  }
}
