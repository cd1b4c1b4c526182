/** With which arguments vLLM and SGLang are started. Pure. */
import { readArguments } from "../contract/protocol/runtime-settings.ts";
import { StartError } from "../replicas/start-error.ts";
import { gpusOf } from "./devices.ts";
import { guard_class } from "./guard.ts";
import { isAtLeast } from "./python-package.ts";
import type { Launch } from "./runtime.ts";

/** The share of each GPU that a replica takes; sizing counts with the same one. */
const memory_share = "0.9";

/**
 * The command line after `vllm`. Flags by version, from vLLM's `cli_args.py` and `arg_utils.py`: requests were logged
 * unless told not to before 0.10.1 (vllm#21739), `--disable-access-log-for-endpoints` came with 0.16.0.
 * Without --host it would listen on every interface, and --api-key guards only some of its routes. The developer mode,
 * which opens routes that run code, is on only behind our guard, for what is to sleep in place. Throws a Refusal for
 * arguments that an endpoint may not set.
 */
export function vllmArguments({ spec, weights_path, port }: Launch, version: string): string[] {
  const args = argumentsIn(spec.args, "vllm");
  return [
    ...["serve", weights_path],
    ...["--served-model-name", spec.model],
    ...["--host", "127.0.0.1", "--port", String(port)],
    ...["--tensor-parallel-size", String(gpusIn(spec))],
    ...["--max-model-len", String(spec.context_tokens)],
    ...["--gpu-memory-utilization", memory_share],
    ...["--enable-prompt-tokens-details"],
    ...(isAtLeast(version, "0.10.1") ? [] : ["--disable-log-requests"]),
    ...(isAtLeast(version, "0.16.0")
      ? ["--disable-access-log-for-endpoints", "/health,/metrics"]
      : ["--disable-uvicorn-access-log"]),
    ...(spec.can_sleep ? ["--enable-sleep-mode", "--middleware", guard_class] : []),
    ...args,
  ];
}

/**
 * The command line after the interpreter, from SGLang's `server_args.py` (0.5). Requests are not logged by default,
 * and at the level of warnings neither is anything about them. Throws as `vllmArguments`.
 */
export function sglangArguments({ spec, weights_path, port }: Launch): string[] {
  const args = argumentsIn(spec.args, "sglang");
  return [
    ...["-m", "sglang.launch_server"],
    ...["--model-path", weights_path],
    ...["--served-model-name", spec.model],
    ...["--host", "127.0.0.1", "--port", String(port)],
    ...["--tp-size", String(gpusIn(spec))],
    ...["--context-length", String(spec.context_tokens)],
    ...["--mem-fraction-static", memory_share],
    ...["--enable-metrics", "--enable-cache-report"],
    ...["--log-level", "warning"],
    ...(spec.can_sleep ? ["--enable-memory-saver", "--enable-weights-cpu-backup"] : []),
    ...args,
  ];
}

/** Environment of both: nothing is looked up, fetched or told to anybody. */
export const quiet: Readonly<Record<string, string>> = {
  HF_HUB_OFFLINE: "1",
  TRANSFORMERS_OFFLINE: "1",
  HF_HUB_DISABLE_TELEMETRY: "1",
  DO_NOT_TRACK: "1",
  VLLM_NO_USAGE_STATS: "1",
  // A picture's address must not lead elsewhere than it says (vLLM's security guide).
  VLLM_MEDIA_URL_ALLOW_REDIRECTS: "0",
};

const gpusIn = (spec: Launch["spec"]): number => Math.max(1, gpusOf(spec).length);

function argumentsIn(words: readonly string[], runtime: "vllm" | "sglang"): readonly string[] {
  const { args, refused } = readArguments(words, runtime);
  if (refused !== undefined) throw new StartError("config", refused);
  return args;
}
