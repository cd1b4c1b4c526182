import type { DesiredReplica, Gpu, RuntimeFound } from "../contract/protocol/messages.ts";
import type { Exit } from "../process/supervise.ts";
import type { StartError } from "../replicas/start-error.ts";
import type { WeightsFormat } from "../weights/weights.ts";

/** What this host offers to a runtime. Drivers read no clock and no environment. */
export interface HostFacts {
  memory_bytes: number;
  gpu_count: number;
  /** As the driver numbers them now. */
  gpus?: readonly HostGpu[];
}

export type HostGpu = Pick<Gpu, "index" | "uuid" | "name">;

export interface Launch {
  spec: DesiredReplica;
  /** Absolute path of the weights: a readable file or folder, as the driver reads them. */
  weights_path: string;
  weights_bytes: number;
  /** A loopback port that was free a moment ago. */
  port: number;
  host: HostFacts;
}

export interface Plan {
  /** The executable's absolute path and its arguments. */
  command: string[];
  /** Added to the few variables that every runtime gets. */
  env: Record<string, string>;
  /** How long it may take from spawn to its first token before the start counts as failed. */
  start_timeout_ms: number;
}

/** What is known about a process that ended unasked. */
export interface Death {
  exit: Exit;
  log_tail: readonly string[];
  was_ready: boolean;
  /** The kernel's count of processes killed for memory rose while it lived. */
  out_of_memory_kills: boolean;
}

/** Sleep in place: weights go to the host's memory, the context is forgotten. Each throws a sentence. */
export interface SleepControl {
  /** True only when it says that it works on nothing and holds nothing back. */
  idle(port: number, signal: AbortSignal): Promise<boolean>;
  /** To be called when it is idle: both engines die of a request that is open (vllm#45520). */
  sleep(port: number, signal: AbortSignal): Promise<void>;
  wake(port: number, signal: AbortSignal): Promise<void>;
  /** How it continues a fixed text, most likely words first: the same before and after a sleep that damaged nothing. */
  probeText(port: number, model: string, signal: AbortSignal): Promise<string>;
}

/**
 * One kind of inference server. A driver knows flags, paths and messages of its server and nothing of
 * processes, files of the agent or the control plane. Calls may overlap for different replicas.
 */
export interface RuntimeDriver {
  readonly name: string;
  readonly reads: WeightsFormat;
  /** What works is not the process that is started, nor of its group or session, but carries its mark. */
  readonly elsewhere?: true;
  /** Finds the runtime and asks it what it can do; looked for again while it is missing. */
  detect(): Promise<RuntimeFound | undefined>;
  /** Throws a Refusal when this launch cannot work. Starts nothing. */
  plan(launch: Launch): Promise<Plan>;
  /** True when the server says that it has loaded its model. False while it cannot be reached. */
  ready(port: number, signal: AbortSignal): Promise<boolean>;
  /** Lets it make one token: a server can be healthy and still unable to answer. Throws a sentence. */
  probe(port: number, model: string, signal: AbortSignal): Promise<void>;
  /** Requests that it works on or holds; 0 also when it does not say. */
  inFlight(port: number, signal: AbortSignal): Promise<number>;
  /** Where it can give its GPUs' memory back and live on; only for what was started with `can_sleep`. */
  readonly sleeping?: SleepControl;
  /**
   * Why it died. `retry` on the Refusal says whether the same start may succeed later; "port_taken",
   * that it would with another port at once.
   */
  classify(death: Death): StartError | "port_taken";
}
