/** What is watched of this host's GPUs, put together. */
import type { Gpu } from "../contract/protocol/messages.ts";
import { type GpuWatch, gpuWatchTimes, NvidiaGpuWatch } from "./gpu-watch.ts";
import { openKernelLog } from "./kernel-log.ts";
import { type Owner, ownerOf } from "./owners.ts";
import { XidWatch } from "./xid-watch.ts";

export interface HardwareParts {
  /** The agent's own; nvidia-smi is looked for on its PATH. */
  env: Readonly<Record<string, string | undefined>>;
  /** Replicas that have a process now. */
  owners(): readonly Owner[];
  /** The replica of a process that is in no replica's group or session; empty for none. */
  markedOwner(pid: number): string;
  log(line: string): void;
}

export interface Hardware {
  gpus: GpuWatch;
  xids: Pick<XidWatch, "latest">;
  /** Called when GPUs have come or gone, or one has changed its MIG mode; also at their first sight. */
  changed: () => void;
  /** Counts the changes. */
  changes: number;
  /** Until SIGNAL aborts. Does not reject. */
  run(signal: AbortSignal): Promise<void>;
}

export function openHardware({ env, owners, markedOwner, log }: HardwareParts): Hardware {
  const { PATH = "/usr/bin:/bin" } = env;
  const path = Bun.which("nvidia-smi", { PATH });
  const xids = new XidWatch({ open: openKernelLog, log });
  const gpus = new NvidiaGpuWatch({
    path,
    env,
    log,
    times: gpuWatchTimes,
    now: () => performance.now(),
    ownerOf: (pid) => ownerOf(pid, owners()) || markedOwner(pid),
    changed(found: Gpu[]) {
      xids.know(found);
      hardware.changes += 1;
      hardware.changed();
    },
  });
  const hardware: Hardware = {
    gpus,
    xids,
    changed: () => undefined,
    changes: 0,
    async run(signal) {
      // Without a GPU there is nothing of NVIDIA's to read there.
      if (path !== null) xids.run(signal);
      await gpus.run(signal);
    },
  };
  return hardware;
}
