/** With which arguments a llama-server is started. Pure. */
import { readArguments } from "../contract/protocol/runtime-settings.ts";
import type { RuntimeDevice } from "../contract/runtime-device.ts";
import { StartError } from "../replicas/start-error.ts";
import { gpusOf } from "./devices.ts";
import { deviceArgument } from "./llama-devices.ts";
import type { Launch } from "./runtime.ts";

const mib = 1024 * 1024;
const largest_prompt_cache_mib = 8192;
/** Below this, a layer is done before a second thread has noticed that it may begin. */
const small_weights_bytes = 64 * mib;

/** What a build of llama-server understands, read from its --help. */
export interface Abilities {
  flags: ReadonlySet<string>;
  /** `-lv 1` means errors alone. In builds before these levels it meant debugging, with whole prompts. */
  has_log_levels: boolean;
  /** What it sees besides the processors, where it says so. */
  devices?: readonly RuntimeDevice[];
}

/**
 * The command line after the executable. Flags that this build does not know are left out with their
 * values, except those without which it would serve something else. Throws a Refusal for arguments
 * that an endpoint may not set.
 */
export function argumentsFor(launch: Launch, abilities: Abilities): string[] {
  const { spec, host } = launch;
  const known = abilities.flags;
  const slots = Math.max(1, spec.slots);
  const { args, refused } = readArguments(spec.args, "llama-server");
  if (refused !== undefined) throw new StartError("config", refused);
  const optional: [flag: string, ...value: string[]][] = [
    ["--metrics"],
    ["--no-slots"],
    known.has("--no-ui") ? ["--no-ui"] : ["--no-webui"],
    ["--jinja"],
    ["--offline"],
    ["--cors-origins", "localhost"],
    // One thread per open connection, idle ones too: with the default of about six, the gateway's
    // kept connections hold them all and the next request waits for their 5 s idle close.
    ["--threads-http", "512"],
    // Its default is 8 GiB of memory for prompts of idle slots, whatever the host has.
    ["--cache-ram", String(promptCacheMib(host.memory_bytes))],
  ];
  return [
    ...["-m", launch.weights_path],
    ...["--alias", spec.model],
    ...["--host", "127.0.0.1"],
    ...["--port", String(launch.port)],
    // The server divides -c by -np: each slot gets context_tokens.
    ...["-c", String(spec.context_tokens * slots)],
    ...["-np", String(slots)],
    // Warnings quote the request that they are about, and prompts must not reach the log.
    ...(abilities.has_log_levels ? ["-lv", "1"] : []),
    ...optional.filter(([flag]) => known.has(flag)).flat(),
    // Threads spin at a barrier after each step. With another process on their cores, a 4 MB model
    // on two threads answered 40 requests in 3.5 s, on one in 0.7 s (without neighbours, 0.6 s both).
    ...(launch.weights_bytes < small_weights_bytes ? ["-t", "1", "-tb", "1"] : []),
    // Newer builds fit layers into free GPU memory on their own, older ones use no GPU unasked.
    ...(host.gpu_count > 0 && !spec.devices.includes("cpu") && !known.has("--fit")
      ? ["-ngl", "999"]
      : []),
    ...(known.has("--device") ? placed(launch, abilities.devices ?? []) : []),
    ...args,
  ];
}

/** Which of the devices that it sees it may use. */
function placed({ spec, host }: Launch, devices: readonly RuntimeDevice[]): string[] {
  if (devices.length === 0 || spec.devices.length === 0) return [];
  const wanted = gpusOf(spec);
  if (wanted.length === 0) return ["--device", "none"];
  const named = deviceArgument(devices, wanted, host.gpus ?? []);
  return named === undefined ? [] : ["--device", named];
}

function promptCacheMib(memory_bytes: number): number {
  return Math.min(largest_prompt_cache_mib, Math.floor(memory_bytes / 16 / mib));
}
