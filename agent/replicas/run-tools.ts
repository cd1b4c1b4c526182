import { join } from "node:path";
import { isAlive } from "../contract/process-identity.ts";
import { GpuAdmission } from "../gpu-admission/gpu-admission.ts";
import { usesOf } from "../gpu-admission/gpu-use.ts";
import type { Hardware } from "../hardware/hardware.ts";
import { readMemory } from "../hardware/load.ts";
import { MemorySampler } from "../hardware/memory-sampler.ts";
import type { AgentOptions } from "../options.ts";
import { runtimeEnvironment } from "../process/environment.ts";
import { handlesIn } from "../process/handle.ts";
import type { RuntimeDriver } from "../runtimes/runtime.ts";
import { builtinsIn } from "../weights/builtin.ts";
import type { HubWeights, HubWeightsTools } from "../weights/hub/hub-weights.ts";
import { openHubWeights, sharedCache } from "../weights/hub/open.ts";
import { weightsFrom } from "../weights/source.ts";
import type { Epochs } from "./epochs.ts";
import type { RunTools } from "./run.ts";

/** How long a driver may take to name its GPUs; when it does later, the host says hello again. */
export const driver_patience_ms = 10_000;

const fenceTimes = {
  look_ms: 15_000,
  free_ms: 30_000,
  pause_ms: 250,
  orphan: { grace_ms: 2000, kill_ms: 5000 },
};

export interface RunContext {
  drivers: RuntimeDriver[];
  epochs: Epochs;
  hardware: Pick<Hardware, "gpus">;
  hub: HubWeights;
}

/** Weights from the hub, in the agent's folder or in a cache that people of this machine have already. */
export function hubWeightsOf(
  { env, log }: AgentOptions,
  folder: string,
  around: Pick<HubWeightsTools, "needed" | "peers">,
): Promise<HubWeights> {
  const shared = sharedCache(env);
  return openHubWeights(shared ?? join(folder, "weights", "hub"), env, {
    ...around,
    log,
    // Others use that one too.
    evicts: shared === undefined,
  });
}

/** What every run of a replica works with. */
export async function runToolsOf(
  options: AgentOptions,
  folder: string,
  { drivers, epochs, hardware: { gpus }, hub }: RunContext,
): Promise<RunTools> {
  const { memory_bytes } = readMemory();
  await gpus.found(driver_patience_ms);
  const handles = handlesIn(join(folder, "replicas"));
  const onGpus = { look: (signal: AbortSignal) => usesOf(gpus, signal) };
  return {
    drivers,
    weights: weightsFrom(builtinsIn(join(folder, "weights")), hub),
    handles,
    fence: new GpuAdmission({
      gpus: onGpus,
      uuids: () => gpus.gpus().map(({ uuid }) => uuid),
      residents: async () =>
        (await handles.readAll()).handles.filter(({ process }) => isAlive(process)),
      epochs: epochs.all,
      times: fenceTimes,
      log: options.log,
    }),
    meter: new MemorySampler({ look: onGpus.look, interval_ms: 5000, look_ms: fenceTimes.look_ms }),
    host: {
      memory_bytes,
      get gpu_count() {
        return gpus.gpus().length;
      },
      get gpus() {
        return gpus.gpus();
      },
    },
    env: runtimeEnvironment(options.env),
    log_folder: join(folder, "logs"),
    stop_times: { grace_ms: 10_000, kill_ms: 5000 },
    stall_times: { every_ms: 5000, answer_ms: 5000, silent_ms: 60_000 },
    drain_ms: 30_000,
    now: Date.now,
    log: options.log,
  };
}
