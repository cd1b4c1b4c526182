import { dirname } from "node:path";
import { StartError } from "../replicas/start-error.ts";
import { type ContainerOptions, inContainer } from "./container.ts";
import { devicesForEngine } from "./devices.ts";
import { quiet, sglangArguments, vllmArguments } from "./engine-arguments.ts";
import { classifySglang, classifyVllm } from "./engine-failure.ts";
import { type EngineName, requestsOf } from "./engine-load.ts";
import { sleepOf } from "./engine-sleep.ts";
import { type Guard, guard_key, proveGuarded } from "./guard.ts";
import { askLoopback } from "./loopback.ts";
import { proved, silenceFor } from "./probe.ts";
import { type PythonProgram, pythonProgram } from "./python-package.ts";
import type { Launch, Plan, RuntimeDriver } from "./runtime.ts";

/** Imports, compilation and CUDA graphs come on top of reading the weights. */
const start_ms = 15 * 60_000;
/** The slowest storage on which a start may still succeed. */
const load_bytes_per_ms = 50_000;

interface Engine {
  name: EngineName;
  /** As people call it. */
  called: string;
  flag: string;
  /** How it is called inside its image. */
  inside: { entrypoint: string; arguments(launch: Launch, version: string): string[] };
  command(program: PythonProgram, launch: Launch): string[];
  /** Variables that only this engine needs. */
  env(launch: Launch, guard: Guard): Record<string, string>;
  classify: RuntimeDriver["classify"];
}

export interface EngineOptions {
  /** A path, or a name on PATH, of the script in the engine's environment. */
  executable?: string | undefined;
  /** The agent's own PATH. */
  path?: string | undefined;
  /** It comes as an image instead. */
  container?: ContainerOptions | undefined;
  guard: Guard;
}

/** vLLM from a Python environment: its `vllm` script. */
export const vllm = (options: EngineOptions): RuntimeDriver =>
  driverOf(
    {
      name: "vllm",
      called: "vLLM",
      flag: "--vllm",
      classify: classifyVllm,
      inside: { entrypoint: "vllm", arguments: vllmArguments },
      command: ({ path, version }, launch) => [path, ...vllmArguments(launch, version)],
      env: ({ spec }, { folder, key }) =>
        spec.can_sleep
          ? { VLLM_SERVER_DEV_MODE: "1", PYTHONPATH: folder, [guard_key]: key }
          : ({} as Record<string, string>),
    },
    options,
  );

/** SGLang from a Python environment: the interpreter beside its `sglang` script. */
export const sglang = (options: EngineOptions): RuntimeDriver =>
  driverOf(
    {
      name: "sglang",
      called: "SGLang",
      flag: "--sglang",
      classify: classifySglang,
      inside: { entrypoint: "python3", arguments: sglangArguments },
      command: ({ python, path }, launch) => {
        if (python !== undefined) return [python, ...sglangArguments(launch)];
        throw new StartError("config", `There is no python3 beside ${path}. Install SGLang again.`);
      },
      env: () => ({}),
    },
    options,
  );

function driverOf(
  engine: Engine,
  { executable = engine.name, path, container, guard }: EngineOptions,
) {
  const find = () => pythonProgram(executable, engine.name);
  const driver: RuntimeDriver = {
    name: engine.name,
    reads: "safetensors",
    async detect() {
      const found = await find();
      if (found === undefined) return undefined;
      const { version, path: place } = found;
      const runtime = { name: engine.name, version, path: place };
      // What a build for CUDA sees only its start tells, which takes half a minute.
      return isForProcessors(version) ? { ...runtime, says_devices: true, devices: [] } : runtime;
    },
    async plan(launch: Launch): Promise<Plan> {
      const found = await find();
      if (found === undefined) {
        throw new StartError(
          "config",
          `${engine.name} cannot be run on this host (looked for ${JSON.stringify(executable)}). Install it, or start the agent with ${engine.flag} PATH.`,
        );
      }
      // Kernels are compiled at the first start, with the ninja of the engine's own environment.
      const { name } = engine;
      const devices = devicesForEngine(launch.spec, { name, version: found.version }, launch.host);
      const search = [dirname(found.path), path].filter(Boolean).join(":");
      return {
        command: engine.command(found, launch),
        env: {
          ...quiet,
          ...devices,
          ...engine.env(launch, guard),
          PATH: search,
        },
        start_timeout_ms: startTimeout(launch),
      };
    },
    async ready(port, signal) {
      const answer = await askLoopback(port, "/health", signal).catch(() => undefined);
      return answer?.status === 200;
    },
    async probe(port, model, signal) {
      if (engine.name === "vllm") await proveGuarded(port, signal);
      await probeOf(engine.called)(port, model, signal);
    },
    async inFlight(port, signal) {
      return (await requestsOf(engine.name, port, signal)) ?? 0;
    },
    sleeping: sleepOf(engine.name, guard.key),
    classify: engine.classify,
  };
  if (container === undefined) return driver;
  const { name, inside, classify } = engine;
  const contained = {
    name,
    ...inside,
    classify,
    start_timeout_ms: startTimeout,
    env: (launch: Launch) => engine.env(launch, guard),
  };
  return { ...driver, ...inContainer(contained, container) };
}

/** PyTorch's wheels without CUDA say so behind the plus: 0.32.0+cpu. */
const isForProcessors = (version: string): boolean => /\+cpu\b/.test(version);

const startTimeout = ({ weights_bytes }: Launch): number =>
  start_ms + Math.ceil(weights_bytes / load_bytes_per_ms);

/**
 * One token, or what a model that makes none makes. A base model has no chat template, so a plain completion is asked
 * for too. What makes pictures takes longest and is asked last.
 */
const probeOf = (name: string) => async (port: number, model: string, signal: AbortSignal) => {
  const input = "Hi";
  const chat = { model, messages: [{ role: "user", content: input }], max_tokens: 1 };
  const asked: [path: string, body: object][] = [
    ["/v1/chat/completions", chat],
    ["/v1/completions", { model, prompt: input, max_tokens: 1 }],
    ["/v1/embeddings", { model, input }],
    ["/v1/rerank", { model, query: input, documents: [input] }],
    ["/classify", { model, input }],
    ["/pooling", { model, input }],
    ["/v1/audio/transcriptions", silenceFor(model)],
    ["/v1/audio/speech", { model, input, voice: "alloy" }],
    ["/v1/images/generations", { model, prompt: input, n: 1, size: "256x256" }],
  ];
  await proved(
    { name, tries_on: false },
    asked.map(
      ([path, body]) =>
        () =>
          askLoopback(port, path, signal, body),
    ),
  );
};
