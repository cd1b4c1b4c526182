import { readFileSync } from "node:fs";
import { statfs } from "node:fs/promises";
import { arch, availableParallelism, hostname, release } from "node:os";
import { machineId } from "../contract/protocol/machine-id.ts";
import type { Gpu, Inventory, RuntimeFound } from "../contract/protocol/messages.ts";
import { readMemory } from "./load.ts";

/** What this host is. HOME decides which file system counts as its disk. */
export async function takeInventory(
  home: string,
  runtimes: RuntimeFound[],
  gpus: Gpu[],
): Promise<Inventory> {
  return {
    host_name: hostname(),
    os: parseOsName(textOf("/etc/os-release")),
    kernel: release(),
    arch: arch(),
    cpu_count: availableParallelism(),
    cpu_model: parseCpuModel(textOf("/proc/cpuinfo")),
    memory_bytes: readMemory().memory_bytes,
    ...(await diskOf(home)),
    gpus,
    runtimes,
    machine_id: machineId(),
  };
}

export interface Disk {
  disk_bytes: number;
  /** What a program without privileges may still write. */
  disk_free_bytes: number;
}

export async function diskOf(path: string): Promise<Disk> {
  const { bsize, blocks, bavail } = await statfs(path);
  return { disk_bytes: bsize * blocks, disk_free_bytes: bsize * bavail };
}

/** PRETTY_NAME of os-release(5); "Linux" when it has none. */
export function parseOsName(osRelease: string): string {
  return /^PRETTY_NAME="?([^"\n]*)"?$/m.exec(osRelease)?.[1] || "Linux";
}

/** The first "model name" of /proc/cpuinfo; "" on ARM, which has none. */
export function parseCpuModel(cpuinfo: string): string {
  return /^model name\s*: (.*)$/m.exec(cpuinfo)?.[1] ?? "";
}

function textOf(path: string): string {
  try {
    return readFileSync(path, "utf8");
  } catch {
    return "";
  }
}
