import { fail, type Judgement, ok, unknown, warn } from "../finding.ts";
import type { Host } from "../host.ts";

export interface SecureBootSigns {
  /** Null when the firmware does not say. */
  enabled: boolean | null;
  gpus: number;
  /** Whether the kernel module nvidia is loaded. */
  loaded: boolean;
}

export async function probeSecureBoot(host: Host, gpus: number): Promise<SecureBootSigns> {
  const said = (await host.run("mokutil", "--sb-state"))?.output ?? "";
  const word = /SecureBoot (enabled|disabled)/.exec(said)?.[1];
  const modules = (await host.read("/proc/modules")) ?? "";
  return {
    enabled: word === undefined ? null : word === "enabled",
    gpus,
    loaded: /^nvidia /m.test(modules),
  };
}

export function judgeSecureBoot({ enabled, gpus, loaded }: SecureBootSigns): Judgement {
  if (gpus === 0) return ok("Not relevant without an NVIDIA GPU.");
  if (enabled === null) return unknown("The firmware does not say.");
  if (!enabled || loaded) return ok(enabled ? "On, and the module is signed." : "Off.");
  return fail(
    "Secure Boot is on, and the NVIDIA module is not loaded: it is probably not signed.",
    "Enrol the key of the module (mokutil --import, then reboot), or switch Secure Boot off.",
  );
}

export interface IommuSigns {
  /** Names in /sys/class/iommu. */
  units: number;
  gpus: number;
}

export async function probeIommu(host: Host, gpus: number): Promise<IommuSigns> {
  return { units: (await host.names("/sys/class/iommu")).length, gpus };
}

/** NCCL's troubleshooting guide: with ACS, traffic between GPUs takes the way through the CPU. */
export function judgeIommu({ units, gpus }: IommuSigns): Judgement {
  if (gpus < 2) return ok("Not relevant with fewer than two GPUs.");
  if (units === 0) return ok("Off.");
  return warn(
    `On, with ${gpus} GPUs: without NVLink they may talk through the CPU, slowly.`,
    "If tensor parallel is slow: switch off ACS or the IOMMU in the firmware (bare metal only).",
  );
}

export const probeKernelLog = (host: Host): Promise<boolean> => host.opens("/dev/kmsg");

export function judgeKernelLog(readable: boolean, gpus: number): Judgement {
  if (readable) return ok("Readable: GPU errors (Xid) are seen.");
  if (gpus === 0) return ok("Not readable, which matters only with GPUs.");
  return warn(
    "Not readable, so GPU errors (Xid) are not seen.",
    "Let the agent read it: ProtectKernelLogs=no and CAP_SYSLOG in its unit.",
  );
}
