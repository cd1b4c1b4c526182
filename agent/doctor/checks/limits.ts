import { type Judgement, ok, unknown, warn } from "../finding.ts";
import type { Host } from "../host.ts";

/** Open files: each stream takes two descriptors. */
const least_files = 8192;

/** LIMITS: proc_pid_limits(5). */
export function judgeFiles(limits: string | undefined): Judgement {
  const [, soft, hard] = /^Max open files\s+(\S+)\s+(\S+)/m.exec(limits ?? "") ?? [];
  if (soft === undefined) return unknown("The limit of open files is unknown.");
  const detail = `${soft} open files allowed, ${hard} at most.`;
  if (soft === "unlimited" || Number(soft) >= least_files) return ok(detail);
  return warn(detail, "Allow 65536: LimitNOFILE=65536 in the unit, or ulimit -n 65536.");
}

export interface CgroupSigns {
  version: 1 | 2 | null;
  /** Of this process; null for none. */
  limit_bytes: number | null;
  memory_bytes: number;
}

export async function probeCgroup(host: Host): Promise<CgroupSigns> {
  const root = "/sys/fs/cgroup";
  const two = (await host.read(`${root}/cgroup.controllers`)) !== undefined;
  const one = (await host.names(root)).includes("memory");
  const membership = (await host.read("/proc/self/cgroup")) ?? "";
  const own = /^0::(\/.*)$/m.exec(membership)?.[1] ?? "/";
  const first = /^\d+:(?:[^:]*,)?memory[^:]*:(\/.*)$/m.exec(membership)?.[1] ?? "/";
  const limit = two
    ? await host.read(`${root}${own === "/" ? "" : own}/memory.max`)
    : await host.read(`${root}/memory${first === "/" ? "" : first}/memory.limit_in_bytes`);
  const meminfo = (await host.read("/proc/meminfo")) ?? "";
  const memory_bytes = 1024 * Number(/^MemTotal:\s+(\d+) kB/m.exec(meminfo)?.[1] ?? 0);
  const bytes = Number(limit?.trim());
  return {
    version: two ? 2 : one ? 1 : null,
    // Version 1 writes "no limit" as a number near 2^63.
    limit_bytes: limit !== undefined && bytes < 2 ** 60 ? bytes : null,
    memory_bytes,
  };
}

export function judgeCgroup({ version, limit_bytes, memory_bytes }: CgroupSigns): Judgement {
  if (version === null) return unknown("No control groups are mounted.");
  const limit =
    limit_bytes === null ? "no memory limit" : `${gib(limit_bytes)} GiB of memory allowed`;
  const detail = `Version ${version}, ${limit}.`;
  if (limit_bytes !== null && limit_bytes < memory_bytes / 2) {
    return warn(
      `${detail} The machine has ${gib(memory_bytes)} GiB.`,
      "Raise MemoryMax of the unit or the container's limit: sleeping models keep their weights in memory.",
    );
  }
  if (version === 1) {
    return warn(detail, "Boot with control groups version 2 (systemd.unified_cgroup_hierarchy=1).");
  }
  return ok(detail);
}

export interface MemorySigns {
  memory_bytes: number;
  /** Size of /dev/shm; null without one. */
  shm_bytes: number | null;
  gpus: number;
}

/** NCCL and vLLM's workers share memory there; Docker gives 64 MiB. */
const least_shm_bytes = 1024 ** 3;

export function judgeMemory({ memory_bytes, shm_bytes, gpus }: MemorySigns): Judgement {
  const shm = shm_bytes === null ? "no /dev/shm" : `/dev/shm of ${gib(shm_bytes)} GiB`;
  const detail = `${gib(memory_bytes)} GiB, ${shm}.`;
  if (gpus > 1 && (shm_bytes ?? 0) < least_shm_bytes) {
    return warn(
      `${detail} Models on several GPUs need more.`,
      "Enlarge it: mount -o remount,size=16G /dev/shm, or --shm-size=16g of the container.",
    );
  }
  return ok(detail);
}

const gib = (bytes: number): string => (bytes / 1024 ** 3).toFixed(1);
