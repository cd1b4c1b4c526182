import { join } from "node:path";
import { high_water } from "../../weights/hub/eviction.ts";
import { sharedCache } from "../../weights/hub/open.ts";
import { type Judgement, ok, unknown, warn } from "../finding.ts";
import type { Host } from "../host.ts";
import { existing } from "./disk.ts";

export interface WeightsDisk {
  path: string;
  bytes: number;
  free_bytes: number;
  /** Of people of this machine, too: the agent removes nothing from it. */
  shared: boolean;
}

export async function probeWeightsDisk(
  host: Host,
  home: string,
  env: Readonly<Record<string, string | undefined>>,
): Promise<WeightsDisk | undefined> {
  const cache = sharedCache(env);
  const path = await existing(host, cache ?? join(home, "agent", "weights", "hub"));
  const disk = await host.disk(path);
  return disk && { path, ...disk, shared: cache !== undefined };
}

export function judgeWeightsDisk(disk: WeightsDisk | undefined): Judgement {
  if (disk === undefined) return unknown("The disk of the weights cannot be read.");
  const { path, bytes, free_bytes, shared } = disk;
  const left = free_bytes - (1 - high_water) * bytes;
  const gb = (count: number) => `${(Math.abs(count) / 1e9).toFixed(1)} GB`;
  const mark = `its high-water mark of ${Math.round(100 * high_water)}%`;
  if (left >= 0) return ok(`${gb(left)} more fit on the disk of ${path} up to ${mark}.`);
  const detail = `The disk of ${path} is ${gb(left)} over ${mark}.`;
  return shared
    ? warn(
        `${detail} It is a cache that others use too, so the agent removes nothing.`,
        "Remove models there (hf cache delete), or unset HF_HUB_CACHE and HF_HOME for the agent.",
      )
    : warn(
        `${detail} Every download removes the models that were not used for longest.`,
        "Free space of other things on it, or put --home on a larger disk.",
      );
}
