import { execFile } from "node:child_process";
import { resolve } from "node:path";
import { promisify } from "node:util";
import type { RuntimeFound } from "../contract/messages.ts";
import { Refusal } from "../refusal.ts";
import { checkGguf } from "../weights/gguf-check.ts";
import { devicesFor } from "./devices.ts";
import { type Abilities, argumentsFor } from "./llama-arguments.ts";
import { classifyLlamaServer } from "./llama-failure.ts";
import { askLoopback } from "./loopback.ts";
import { proved } from "./probe.ts";
import type { Launch, Plan, RuntimeDriver } from "./runtime.ts";

const START_MS = 120_000;
/** The slowest storage on which a start may still succeed. */
const LOAD_BYTES_PER_MS = 50_000;

interface Build extends RuntimeFound, Abilities {}

/** llama.cpp's server. EXECUTABLE is a path or a name on PATH. */
export function llamaServer(executable = "llama-server"): RuntimeDriver {
  let known: Build | undefined;

  async function findBuild(): Promise<Build | undefined> {
    const path = known === undefined ? Bun.which(executable) : null;
    if (path !== null) known = await examine(resolve(path));
    return known;
  }

  return {
    name: "llama-server",
    reads: "gguf",
    async detect() {
      const build = await findBuild();
      return build && { name: build.name, version: build.version, path: build.path };
    },
    async plan(launch: Launch): Promise<Plan> {
      const build = await findBuild();
      if (build === undefined) {
        throw new Refusal(
          "config",
          `llama-server cannot be run on this host (looked for ${JSON.stringify(executable)}). Install it, or start the agent with --llama-server PATH.`,
        );
      }
      await checkGguf(launch.weights_path);
      return {
        command: [build.path, ...argumentsFor(launch, build)],
        env: devicesFor(launch.spec),
        start_timeout_ms: START_MS + Math.ceil(launch.weights_bytes / LOAD_BYTES_PER_MS),
      };
    },
    async ready(port, signal) {
      const answer = await askLoopback(port, "/health", signal).catch(() => undefined);
      return answer?.status === 200;
    },
    probe,
    async inFlight(port, signal) {
      const answer = await askLoopback(port, "/metrics", signal).catch(() => undefined);
      return answer?.status === 200 ? inFlightOf(answer.body) : 0;
    },
    classify: classifyLlamaServer,
  };
}

/** Requests processed and deferred, from the server's Prometheus text. */
export function inFlightOf(metrics: string): number {
  const values = metrics.matchAll(/^llamacpp:requests_(?:processing|deferred) ([0-9.e+]+)$/gm);
  return [...values].reduce((sum, [, value]) => sum + Number(value), 0);
}

/** Reads `llama-server --help`, whose lines begin with flags: "-c,    --ctx-size N  size of …". */
export function abilitiesIn(help: string): Abilities {
  const heads = [...help.matchAll(/^-[^\n]*?(?= {2,}[^-\s]|$)/gm)];
  const flags = heads.flatMap(([head]) => head.match(/(?<![\w-])--?[a-zA-Z][\w.-]*/g) ?? []);
  return { flags: new Set(flags), has_log_levels: /^\s+- 1: error$/m.test(help) };
}

async function examine(path: string): Promise<Build | undefined> {
  const help = await outputOf(path, "--help");
  const abilities = abilitiesIn(help ?? "");
  if (!abilities.flags.has("--model")) return undefined;
  const version = /^version: (.+)$/m.exec((await outputOf(path, "--version")) ?? "")?.[1];
  return { name: "llama-server", version: version ?? "unknown", path, ...abilities };
}

async function outputOf(path: string, flag: string): Promise<string | undefined> {
  try {
    const limits = { timeout: 15_000, maxBuffer: 4 * 1024 * 1024 };
    const { stdout, stderr } = await promisify(execFile)(path, [flag], limits);
    return stdout + stderr;
  } catch {
    return undefined;
  }
}

/**
 * /completion needs no chat template, which a base model may lack, and a template that is broken is told as 500.
 * Started for embeddings or for ranking, it makes no token: it proves itself by what it does make.
 */
async function probe(port: number, model: string, signal: AbortSignal): Promise<void> {
  const messages = [{ role: "user", content: "Hi" }];
  const asked: [path: string, body: object][] = [
    ["/v1/chat/completions", { model, messages, max_tokens: 1 }],
    ["/completion", { prompt: "Hi", n_predict: 1 }],
    ["/v1/embeddings", { model, input: "Hi" }],
    ["/v1/rerank", { model, query: "Hi", documents: ["Hi"] }],
  ];
  await proved(
    { name: "llama-server", tries_on: true },
    asked.map(
      ([path, body]) =>
        () =>
          askLoopback(port, path, signal, body),
    ),
  );
}
