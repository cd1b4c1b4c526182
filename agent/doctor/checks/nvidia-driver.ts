import { fail, type Judgement, ok, unknown, warn } from "../finding.ts";
import type { Host, Ran } from "../host.ts";

export interface DriverSigns {
  /** Of plain `nvidia-smi`; undefined without the program. */
  smi: Ran | undefined;
  /** Of the loaded kernel module, from /proc/driver/nvidia/version; undefined without one. */
  module: string | undefined;
  /** GPUs of NVIDIA on the PCI bus. */
  gpus: number;
}

/** The first CUDA of which vLLM and SGLang still have builds. */
const least_cuda = 12;

export async function probeDriver(host: Host): Promise<DriverSigns> {
  const [smi, module] = [
    await host.run("nvidia-smi"),
    await host.read("/proc/driver/nvidia/version"),
  ];
  return { smi, module: module && moduleVersion(module), gpus: await countGpus(host) };
}

/** PCI vendor 10de, base class 03, display controllers. */
async function countGpus(host: Host): Promise<number> {
  const bus = "/sys/bus/pci/devices";
  const devices = await host.names(bus);
  const found = await Promise.all(
    devices.map(async (device) => {
      const vendor = await host.read(`${bus}/${device}/vendor`);
      const kind = await host.read(`${bus}/${device}/class`);
      return vendor?.trim() === "0x10de" && (kind ?? "").startsWith("0x03");
    }),
  );
  return found.filter(Boolean).length;
}

/** `NVRM version: NVIDIA UNIX x86_64 Kernel Module  550.127.05  Tue Oct …` */
export const moduleVersion = (text: string): string | undefined =>
  /Kernel Module(?: for \S+)?\s+(\d+(?:\.\d+)+)/.exec(text)?.[1];

/** By the sentences of nvidia-smi, whose exit codes differ between drivers. */
export function judgeDriver({ smi, module, gpus }: DriverSigns): Judgement {
  if (smi === undefined || smi.code === 127) return withoutTool(gpus, module);
  const said = smi.output;
  const failure = knownFailure(said, module);
  if (failure !== undefined) return failure;
  const cuda = /CUDA Version:\s*(\d+\.\d+)/.exec(said)?.[1];
  const driver = /Driver Version:\s*(\d+(?:\.\d+)+)/.exec(said)?.[1];
  if (smi.code !== 0 || driver === undefined) {
    const line = said.trim().split("\n")[0] ?? "";
    const what = smi.code === -1 ? "did not answer in 20 s" : `failed: ${line.slice(0, 200)}`;
    return fail(`nvidia-smi ${what}`, "Look for NVRM and Xid lines in dmesg, and reboot the host.");
  }
  const detail = `Driver ${driver}, for CUDA up to ${cuda ?? "unknown"}, ${gpus || "some"} GPU(s).`;
  if (cuda !== undefined && Number(cuda) < least_cuda) {
    return warn(detail, "Runtimes need CUDA 12 or newer: install a driver of branch 550 or newer.");
  }
  return ok(detail);
}

function knownFailure(said: string, module: string | undefined): Judgement | undefined {
  if (/Driver\/library version mismatch/.test(said)) {
    const library = /NVML library version:\s*(\S+)/.exec(said)?.[1] ?? "another version";
    return fail(
      `The NVIDIA library is ${library}, and the loaded kernel module is ${module ?? "another"}: the driver was updated under a running system.`,
      "Reboot, or stop every process on the GPUs and reload the modules: rmmod nvidia_uvm nvidia_drm nvidia_modeset nvidia, then modprobe nvidia.",
    );
  }
  if (/couldn't communicate with the NVIDIA driver/.test(said)) {
    return fail(
      "The NVIDIA kernel module is not loaded.",
      "Load it with modprobe nvidia; if that fails, dmesg says why (Secure Boot, or no module for this kernel: reinstall the driver with DKMS and the kernel's headers).",
    );
  }
  if (!/No devices were found/.test(said)) return undefined;
  return fail(
    "The NVIDIA driver finds no GPU.",
    "Look for NVRM and Xid lines in dmesg; a GPU that fell off the bus needs a power cycle.",
  );
}

function withoutTool(gpus: number, module: string | undefined): Judgement {
  if (gpus === 0) return ok("No NVIDIA GPU here.");
  if (module !== undefined) {
    return unknown(
      `The module ${module} is loaded, but there is no nvidia-smi.`,
      "Install the driver's tools (package nvidia-utils), without which the agent sees no GPU.",
    );
  }
  return fail(`${gpus} NVIDIA GPU(s), and no driver.`, "Install the NVIDIA driver and reboot.");
}
