/** What a model needs on a kind of device, from its sizing. Pure. Computed once per kind. */
import { type Gpu, gib } from "../sizing/gpus.ts";
import type { Model } from "../sizing/model.ts";
import type { Sizing } from "../sizing/plan.ts";
import { default_utilization } from "../sizing/question.ts";
import { reserve_bytes } from "../sizing/runtime-memory.ts";
import { size } from "../sizing/size.ts";
import type { Device, Fit, Need, Unfit } from "./fleet.ts";
import { cpu, knownGpu } from "./kinds.ts";

/** What is to run: an endpoint's artifact together with what was asked. */
export interface Wanted {
  /** Null when nothing says how large it is. */
  model: Model | null;
  runtime: string;
  /** Tokens of one request. */
  context_tokens: number;
  /** Requests at once. */
  concurrency: number;
  /** Null where placement may choose. */
  gpu: { type: string | null; count: number | null };
}

/** Reserved where nothing says how large the model is: better than nothing, and marked as a guess. */
const floor_bytes = gib;

/**
 * What llama-server takes on processors beside weights, cache and compute buffers, which grow with the
 * context. Build 11669 (Debian) with the demo model (4 MiB, 1 KiB of cache per token), resident after three
 * requests per slot, less weights and cache: 49 MiB with 1 slot of 512 tokens, 60 with 4 of 32,768,
 * 69 with 16 of 8,192, 105 with 64 of 4,096.
 */
const process_bytes = 64 * 2 ** 20;
const process_bytes_per_slot = 2 ** 20;

export function fitOf(wanted: Wanted): Fit {
  const needs = new Map<string, Need | Unfit>();
  return {
    needOn(device) {
      const key = device.kind === cpu ? cpu : `${device.kind}/${device.memory_bytes}`;
      const need = needs.get(key) ?? needOn(wanted, device);
      needs.set(key, need);
      return need;
    },
    longestContextOn(device, devices) {
      if (wanted.model === null || device.kind === cpu) return 0;
      return sizingOn(wanted, wanted.model, device, devices).max_context;
    },
  };
}

function needOn(wanted: Wanted, device: Device): Need | Unfit {
  const { model, gpu } = wanted;
  if (device.kind === cpu) return needOnProcessors(wanted, device);
  if (model === null) {
    const bytes_per_device = isAlone(wanted) ? device.memory_bytes : floor_bytes;
    return { devices: gpu.count ?? 1, bytes_per_device, guessed: true };
  }
  const sizing = sizingOn(wanted, model, device, gpu.count);
  if (sizing.verdict !== "fits") return { unfit: sizing.explanation };
  return {
    devices: sizing.gpus,
    bytes_per_device: isAlone(wanted) ? device.memory_bytes : reserved(sizing),
    guessed: false,
  };
}

/** vLLM and SGLang fill a share of the whole GPU with their cache, however small the model is. */
const isAlone = ({ runtime }: Wanted): boolean => runtime !== "llama-server";

/** Without the reserve the estimates of several servers on one GPU would all have to be right. */
const reserved = (sizing: Sizing): number =>
  sizing.weights_bytes_per_gpu +
  sizing.kv_needed_bytes_per_gpu +
  sizing.activation_bytes_per_gpu +
  sizing.overhead_bytes_per_gpu +
  reserve_bytes;

/** GPUS: null for as few as are needed. */
export function sizingOn(
  wanted: Wanted,
  model: Model,
  device: Pick<Device, "kind" | "memory_bytes">,
  gpus: number | null,
): Sizing {
  const { runtime, context_tokens: context, concurrency } = wanted;
  const engine = runtime === "llama-server" ? "llama-server" : "vllm";
  return size(
    { ...model, precision: { ...model.precision, engine } },
    {
      gpu: gpuOf(device),
      ...(gpus !== null && { gpus }),
      context,
      concurrency,
      // llama-server takes what it needs and no share of the GPU.
      utilization: engine === "llama-server" ? 1 : default_utilization,
    },
  );
}

/** CUDA shows a process less memory than the driver says there is, and part of a card (MIG) has less than the card. */
function gpuOf({ kind, memory_bytes }: Pick<Device, "kind" | "memory_bytes">): Gpu {
  const known = knownGpu(kind);
  if (known) return { ...known, memory_bytes: Math.min(known.memory_bytes, memory_bytes) };
  return {
    name: kind,
    memory_bytes,
    large_batches: memory_bytes >= 70 * gib && !kind.includes("A100"),
  };
}

/** Does not ask whether a host has so much memory: that differs from host to host. */
function needOnProcessors(wanted: Wanted, device: Device): Need | Unfit {
  const { model, runtime, gpu, concurrency } = wanted;
  if (isAlone(wanted)) return { unfit: `${runtime} runs on GPUs only.` };
  if (gpu.count !== null && gpu.type?.toLowerCase() !== cpu) {
    return {
      unfit: `A GPU was asked for (\`gpu.count\` is ${gpu.count}), and there is no host with one.`,
    };
  }
  if (model === null) return { devices: 1, bytes_per_device: floor_bytes, guessed: true };
  const sizing = sizingOn(wanted, model, device, 1);
  return {
    devices: 1,
    bytes_per_device:
      sizing.weights_bytes_per_gpu +
      sizing.kv_needed_bytes_per_gpu +
      sizing.activation_bytes_per_gpu +
      process_bytes +
      process_bytes_per_slot * concurrency,
    guessed: false,
  };
}
