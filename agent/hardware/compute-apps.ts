/** Which processes hold memory of which GPU, as nvidia-smi says. Pure. */
import type { GpuProcess } from "../contract/protocol/messages.ts";

/** Not yet known whose it is. */
export interface ComputeApp extends Omit<GpuProcess, "replica_id"> {
  gpu_uuid: string;
}

const mib = 1024 * 1024;
const name_chars = 64;

/**
 * Fields as in `nvidia-smi --help-query-compute-apps`, nvidia-smi(1) of driver 610.43; the name comes last,
 * since it may have commas in it. Asked again each time and not in a loop: a loop prints nothing at all
 * while no process holds a GPU, so that it looks the same as a driver that hangs.
 */
export const appArguments: readonly string[] = [
  "--query-compute-apps=gpu_uuid,pid,used_gpu_memory,process_name",
  "--format=csv,noheader,nounits",
];

/** A process that uses two GPUs has two lines. Memory that the driver does not say ("[N/A]") is 0. */
export function parseComputeApps(csv: string): ComputeApp[] {
  return csv.split("\n").flatMap((line) => {
    const [gpu_uuid = "", pid = "", memory = "", ...name] = line.split(",").map((f) => f.trim());
    if (!/^(?:GPU|MIG)-/.test(gpu_uuid) || !/^[1-9]\d*$/.test(pid)) return [];
    const memory_bytes = /^\d+$/.test(memory) ? Number(memory) * mib : 0;
    return [{ gpu_uuid, pid: Number(pid), name: baseName(name.join(",")), memory_bytes }];
  });
}

/** Of `/usr/bin/python3 serve.py --key SECRET` only `python3`; nothing of "[Not Found]". */
function baseName(command: string): string {
  if (command.startsWith("[")) return "";
  const [program = ""] = command.split(/\s/);
  return program.slice(program.lastIndexOf("/") + 1).slice(0, name_chars);
}
