import { execFile } from "node:child_process";
import { promisify } from "node:util";
import type { GpuProcess, GpuUse } from "./gpu-use.ts";

/** Who is on the GPUs now. What follows nvidia-smi all the time can take the place of `nvidiaLook`. */
export interface GpuProcesses {
  /** Measured after the call; none without an NVIDIA driver. Rejects when the driver does not answer. */
  look(signal: AbortSignal): Promise<readonly GpuUse[]>;
}

const MIB = 1024 * 1024;
/** Field names as in `nvidia-smi --help-query-gpu` and `--help-query-compute-apps`, nvidia-smi(1) of driver 610.43. */
const GPU_QUERY = "--query-gpu=uuid,memory.total,memory.used";
/** The name comes last, since it may have commas in it. */
const APP_QUERY = "--query-compute-apps=gpu_uuid,pid,used_gpu_memory,process_name";
const FORMAT = "--format=csv,noheader,nounits";

/** Asks nvidia-smi each time. PATH: null where there is none. */
export function nvidiaLook(path: string | null): GpuProcesses {
  return {
    async look(signal) {
      if (path === null) return [];
      const ask = async (query: string) =>
        (await promisify(execFile)(path, [query, FORMAT], { signal, killSignal: "SIGKILL" }))
          .stdout;
      // Processes last: one that ends in between is then not counted as memory without an owner.
      const gpus = await ask(GPU_QUERY);
      return usesIn(gpus, await ask(APP_QUERY));
    },
  };
}

export function usesIn(gpus: string, apps: string): GpuUse[] {
  const processes = rows(apps).flatMap(([uuid = "", pid = "", memory = "", ...name]) =>
    /^[1-9]\d*$/.test(pid)
      ? [{ uuid, process: processOf(Number(pid), memory, name.join(",")) }]
      : [],
  );
  return rows(gpus).flatMap(([uuid = "", total = "", used = ""]) => {
    if (!/^(?:GPU|MIG)-/.test(uuid)) return [];
    const mine = processes.filter((found) => found.uuid === uuid).map(({ process }) => process);
    return [{ uuid, vram_bytes: mib(total), memory_used_bytes: mib(used), processes: mine }];
  });
}

/** Of `/usr/bin/python3 serve.py --key SECRET` only `python3`; nothing of "[Not Found]". */
function processOf(pid: number, memory: string, command: string): GpuProcess {
  const [program = ""] = command.startsWith("[") ? [] : command.split(/\s/);
  const name = program.slice(program.lastIndexOf("/") + 1).slice(0, 64);
  return { pid, name, memory_bytes: mib(memory) };
}

const rows = (csv: string): string[][] =>
  csv.split("\n").map((line) => line.split(",").map((field) => field.trim()));

/** "[N/A]" and "[Not Supported]" are 0. */
const mib = (field: string): number => (/^\d+$/.test(field) ? Number(field) * MIB : 0);
