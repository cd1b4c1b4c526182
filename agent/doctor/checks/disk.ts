import { fail, type Judgement, ok, unknown, warn } from "../finding.ts";
import type { Host } from "../host.ts";

export interface DiskSigns {
  free_bytes: number;
  /** As mountinfo has it: ext4, xfs, nfs4, overlay. */
  kind: string;
}

export async function probeDisk(host: Host, home: string): Promise<DiskSigns | undefined> {
  const there = await existing(host, home);
  const disk = await host.disk(there);
  const mounts = await host.read("/proc/self/mountinfo");
  return disk && { free_bytes: disk.free_bytes, kind: fileSystemOf(there, mounts ?? "") };
}

/** A home that is yet to be made lies on the disk of the folder above it. */
export async function existing(host: Host, path: string): Promise<string> {
  if (path === "/" || (await host.disk(path)) !== undefined) return path;
  return existing(host, path.replace(/\/[^/]*$/, "") || "/");
}

/** proc_pid_mountinfo(5): the mount point is field 5, the kind the first behind " - "; the longest counts. */
export function fileSystemOf(path: string, mountinfo: string): string {
  const mounts = mountinfo.split("\n").flatMap((line) => {
    const [before = "", after = ""] = line.split(" - ");
    const point = (before.split(" ")[4] ?? "").replace(/\\040/g, " ");
    const [kind = ""] = after.split(" ");
    const holds = point === "/" || path === point || path.startsWith(`${point}/`);
    return point !== "" && holds ? [{ point, kind }] : [];
  });
  return mounts.sort((one, other) => other.point.length - one.point.length)[0]?.kind ?? "unknown";
}

const least_bytes = 2e9;
const usual_bytes = 50e9;
const remote = /^(?:nfs\d?|cifs|smb\w*|fuse\.\w+|ceph|9p|virtiofs)$/;

export function judgeDisk(signs: DiskSigns | undefined): Judgement {
  if (signs === undefined) return unknown("The disk of the data folder cannot be read.");
  const { free_bytes, kind } = signs;
  const detail = `${(free_bytes / 1e9).toFixed(1)} GB free on ${kind}.`;
  const elsewhere = "Choose a --home on a local NVMe disk.";
  if (free_bytes < least_bytes) return fail(detail, "Free some space, or choose another --home.");
  if (/^(?:tmpfs|ramfs)$/.test(kind)) return fail(`${detail} It is lost at a reboot.`, elsewhere);
  if (remote.test(kind)) return warn(`${detail} Weights load over the network.`, elsewhere);
  if (kind === "overlay") {
    return warn(
      `${detail} It is a container's own layer.`,
      "Mount a volume and name it with --home.",
    );
  }
  if (free_bytes < usual_bytes) {
    return warn(detail, "Models take 10 to 700 GB: free some space before deploying large ones.");
  }
  return ok(detail);
}
