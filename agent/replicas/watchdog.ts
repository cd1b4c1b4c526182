import { setTimeout } from "node:timers/promises";
import { descendantsOf, processTreeOf } from "../gpu-admission/process-tree.ts";
import type { MemorySampler } from "../hardware/memory-sampler.ts";
import type { Handle } from "../process/handle.ts";
import type { HostFacts, RuntimeDriver } from "../runtimes/runtime.ts";
import type { ReplicaEvent } from "./replica.ts";
import { hangs, type StallTimes } from "./stall.ts";
import { StartError } from "./start-error.ts";

/** A runtime that serves. */
export interface Serving<End> {
  driver: RuntimeDriver;
  handle: Omit<Handle, "version">;
  /** Its end on its own or by order. */
  exited: Promise<End>;
  tell: (event: ReplicaEvent) => void;
}

export interface WatchdogDeps {
  meter: MemorySampler;
  host: HostFacts;
  stall_times: StallTimes;
}

/**
 * Until it ends: measures it, and looks whether it still answers, since a process can live and serve
 * nobody any more. One that hangs is for the caller to end, and a Refusal; one that was only slow or
 * stopped for a moment goes on as if nothing had been.
 */
export async function superviseServing<End>(
  { driver, handle, exited, tell }: Serving<End>,
  { meter, host, stall_times }: WatchdogDeps,
): Promise<End | StartError> {
  const over = new AbortController();
  const { devices } = handle.spec;
  const processes = driver.elsewhere
    ? followed(handle, stall_times.every_ms, over.signal)
    : () => descendantsOf(handle);
  const has_gpus = host.gpu_count > 0 && !(devices.length > 0 && devices.every(isProcessor));
  void meter.follow({ processes, has_gpus }, over.signal, (peak) =>
    tell({ kind: "measured", peak }),
  );
  const pids = () => processes().map(({ pid }) => pid);
  const hanging = hangs({ driver, port: handle.port, pids }, stall_times, over.signal);
  const silent = hanging.then<End | StartError>((hung) => (hung ? asRefusal(stall_times) : exited));
  return Promise.race<End | StartError>([exited, silent]).finally(() => over.abort());
}

/** The family as it was last seen; looking for marks takes many small readings. */
function followed(handle: Serving<unknown>["handle"], every_ms: number, signal: AbortSignal) {
  let family = descendantsOf(handle);
  const look = async (): Promise<void> => {
    while (!signal.aborted) {
      family = await processTreeOf(handle);
      await setTimeout(every_ms, undefined, { signal }).catch(() => undefined);
    }
  };
  void look();
  return () => family;
}

const isProcessor = (device: string): boolean => device === "cpu";

function asRefusal({ silent_ms }: StallTimes): StartError {
  const seconds = Math.round(silent_ms / 1000);
  return new StartError(
    "timeout",
    `It answered nothing and did nothing for ${seconds} s, so it was ended. It starts again.`,
    true,
  );
}
