import { execFile } from "node:child_process";
import { resolve } from "node:path";
import { promisify } from "node:util";
import type { RuntimeFound } from "../contract/protocol/messages.ts";
import type { RuntimeDevice } from "../contract/runtime-device.ts";
import { StartError } from "../replicas/start-error.ts";
import { checkGguf } from "../weights/gguf-check.ts";
import { devicesFor, gpusOf } from "./devices.ts";
import { type Abilities, argumentsFor } from "./llama-arguments.ts";
import { devicesIn } from "./llama-devices.ts";
import { classifyLlamaServer } from "./llama-failure.ts";
import { askLoopback } from "./loopback.ts";
import { proved } from "./probe.ts";
import type { Launch, Plan, RuntimeDriver } from "./runtime.ts";

const start_ms = 120_000;
/** The slowest storage on which a start may still succeed. */
const load_bytes_per_ms = 50_000;

/** A driver that hangs hangs whoever asks it. */
const look_ms = 15_000;

type Build = Pick<RuntimeFound, "name" | "version" | "path"> & Abilities;

const without_backend =
  "This llama-server is a build without a backend for GPUs, so it would run on the processors. Install one with such a backend, or start the agent with --llama-server PATH of one; `hypervize doctor` on the host says which devices it sees.";

/** llama.cpp's server. EXECUTABLE is a path or a name on PATH. */
export function llamaServer(executable = "llama-server"): RuntimeDriver {
  let known: Build | undefined;
  /** Undefined while it does not say. */
  let devices: RuntimeDevice[] | undefined;

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
      if (build === undefined) return undefined;
      const { name, version, path } = build;
      // Asked each time: a driver that was installed or has failed changes the answer.
      devices = build.flags.has("--list-devices") ? await devicesOf(path) : undefined;
      if (devices === undefined) return { name, version, path };
      return { name, version, path, says_devices: true, devices };
    },
    async plan(launch: Launch): Promise<Plan> {
      const build = await findBuild();
      if (build === undefined) {
        throw new StartError(
          "config",
          `llama-server cannot be run on this host (looked for ${JSON.stringify(executable)}). Install it, or start the agent with --llama-server PATH.`,
        );
      }
      const gpus = gpusOf(launch.spec);
      if (gpus.length > 0 && launch.host.gpu_count > 0 && devices?.length === 0) {
        throw new StartError("config", without_backend);
      }
      await checkGguf(launch.weights_path);
      return {
        command: [build.path, ...argumentsFor(launch, { ...build, devices: devices ?? [] })],
        env: devicesFor(launch.spec),
        start_timeout_ms: start_ms + Math.ceil(launch.weights_bytes / load_bytes_per_ms),
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

/** A process that waits for a driver may not even end by SIGKILL: it is left behind. */
async function devicesOf(path: string): Promise<RuntimeDevice[] | undefined> {
  const late = Promise.withResolvers<undefined>();
  const timer = setTimeout(() => late.resolve(undefined), look_ms + 1000);
  const printed = outputOf(path, "--list-devices").then((text) => devicesIn(text ?? ""));
  return Promise.race([printed, late.promise]).finally(() => clearTimeout(timer));
}

async function outputOf(path: string, flag: string): Promise<string | undefined> {
  try {
    const killSignal = "SIGKILL";
    const limits = { timeout: look_ms, killSignal, maxBuffer: 4 * 1024 * 1024 } as const;
    const { stdout, stderr } = await promisify(execFile)(path, [flag], limits);
    return stdout + stderr;
  } catch {
    return undefined;
  }
}

/**
 * /completion needs no chat template, which a base model may lack, and a template that is broken gives 500.
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
