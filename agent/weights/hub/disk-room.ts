import { statfs } from "node:fs/promises";
import { StartError } from "../../replicas/start-error.ts";
import type { Disk } from "./eviction.ts";

/** Left for the agent's own records, and for logs. */
const reserve_bytes = 256 * 1024 * 1024;

/** The disk that holds FOLDER: what this process may still write to it, and all of it. */
export async function diskOf(folder: string): Promise<Disk> {
  const { bavail, blocks, bsize } = await statfs(folder);
  return { free_bytes: bavail * bsize, total_bytes: blocks * bsize };
}

/** Before the first byte is fetched: a disk that runs full stops more than one download. */
export function roomRefusal(
  folder: string,
  needed_bytes: number,
  free_bytes: number,
): StartError | undefined {
  const short = needed_bytes + reserve_bytes - free_bytes;
  if (needed_bytes <= 0 || short <= 0) return undefined;
  return new StartError(
    "disk_full",
    `${gb(needed_bytes)} are still to be fetched to ${folder}, and its disk has ${gb(free_bytes)} free. Free ${gb(short)} there.`,
    true,
  );
}

const gb = (bytes: number): string => `${(Math.ceil(bytes / 1e7) / 100).toFixed(2)} GB`;
