import type { DiskSpeed } from "../disk-speed-probe.ts";
import { type Judgement, ok, unknown, warn } from "../finding.ts";

/** Half of what the slowest NVMe disks read; a SATA disk reads 550 MB/s. */
const slow_bytes_per_s = 1e9;
const usual_model_bytes = 70e9;

/** Undefined: it was not measured. */
export function judgeDiskSpeed(speed: DiskSpeed | undefined): Judgement {
  if (speed === undefined) return unknown("Not measured.");
  const { write_bytes_per_s, read_bytes_per_s } = speed;
  const writes = `writes ${mb(write_bytes_per_s)} MB/s`;
  if (read_bytes_per_s === null) {
    return unknown(`It ${writes}; reading cannot be measured on this file system.`);
  }
  const detail = `It reads ${mb(read_bytes_per_s)} MB/s and ${writes}.`;
  if (read_bytes_per_s >= slow_bytes_per_s) return ok(detail);
  const wait_s = Math.round(usual_model_bytes / read_bytes_per_s);
  return warn(
    `${detail} A model of 70 GB takes ${wait_s} s to load.`,
    "Put --home on a local NVMe disk.",
  );
}

const mb = (bytes: number): number => Math.round(bytes / 1e6);
