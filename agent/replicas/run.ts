import type { DesiredReplica } from "../contract/protocol/messages.ts";
import type { GpuAdmission } from "../gpu-admission/gpu-admission.ts";
import type { MemorySampler } from "../hardware/memory-sampler.ts";
import type { Handle, Handles } from "../process/handle.ts";
import type { StopTimes } from "../process/stop.ts";
import type { HostFacts, RuntimeDriver } from "../runtimes/runtime.ts";
import type { Weights } from "../weights/weights.ts";
import type { ReplicaEvent } from "./replica.ts";
import type { SleepIntent } from "./sleep-intent.ts";
import type { StallTimes } from "./stall.ts";
import type { StartError } from "./start-error.ts";

export interface Run {
  spec: DesiredReplica;
  restarts: number;
  /** A runtime of an earlier agent to go on with, instead of a start. */
  adopted: Handle | undefined;
  tell: (event: ReplicaEvent) => void;
  /** Makes it durable that this epoch is started here; only then may a process be. */
  recordEpoch: () => Promise<void>;
  /** Aborted with an Order as its reason. */
  order: AbortSignal;
  /** Whether it is to be awake or asleep while it runs. */
  sleep_intent: SleepIntent;
}

/** "done": ended as ordered. A Refusal: it ended unasked or never began; nothing of it runs. */
export type RunEnd = "done" | StartError;

/** What every run shares. */
export interface RunTools {
  drivers: readonly RuntimeDriver[];
  weights: Weights;
  handles: Handles;
  fence: GpuAdmission;
  meter: MemorySampler;
  host: HostFacts;
  /** The environment of every runtime. */
  env: Readonly<Record<string, string>>;
  log_folder: string;
  stop_times: StopTimes;
  stall_times: StallTimes;
  /** How long requests in flight may go on before TERM. */
  drain_ms: number;
  now: () => number;
  log: (line: string) => void;
}

/** Why a run must end: after its requests, at once, or leaving its runtime alive for the next agent. */
export type Order = "drain" | "now" | "leave";
