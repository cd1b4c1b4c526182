import { execFile } from "node:child_process";
import { promisify } from "node:util";
import type { Gpu } from "../contract/messages.ts";

const MIB = 1024 * 1024;
/** nvidia-smi hangs when the driver does; an agent must start all the same. */
const PATIENCE_MS = 10_000;
const QUERY = [
  "--query-gpu=index,uuid,name,memory.total,memory.used,driver_version",
  "--format=csv,noheader,nounits",
];

/**
 * Reads the CSV of the query above. A value that the driver does not give ("[N/A]",
 * "[Not Supported]") counts as 0; a line without an index and a UUID is no GPU.
 */
export function parseNvidiaSmi(csv: string): Gpu[] {
  return csv.split("\n").flatMap((line) => {
    const [index = "", uuid = "", name = "", total = "", used = "", driver = ""] = line
      .split(",")
      .map((field) => field.trim());
    if (!/^\d+$/.test(index) || !/^(?:GPU|MIG)-/.test(uuid)) return [];
    return [
      {
        index: Number(index),
        uuid,
        name,
        vram_bytes: mib(total),
        vram_used_bytes: mib(used),
        driver_version: driver.startsWith("[") ? "" : driver,
      },
    ];
  });
}

/** The GPUs of this host; none when there is no nvidia-smi or it fails, and LOG hears why. */
export async function findGpus(log: (line: string) => void): Promise<Gpu[]> {
  const path = Bun.which("nvidia-smi");
  if (path === null) return [];
  try {
    const { stdout } = await promisify(execFile)(path, QUERY, { timeout: PATIENCE_MS });
    return parseNvidiaSmi(stdout);
  } catch (error) {
    const why = error instanceof Error ? error.message.split("\n")[0] : String(error);
    log(`nvidia-smi failed, so no GPU is used: ${why}`);
    return [];
  }
}

function mib(field: string): number {
  return /^\d+$/.test(field) ? Number(field) * MIB : 0;
}
