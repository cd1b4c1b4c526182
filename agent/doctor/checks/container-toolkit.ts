import { fail, type Judgement, ok, unknown, warn } from "../finding.ts";
import type { Host, Ran } from "../host.ts";

export interface ToolkitSigns {
  /** Of `nvidia-ctk --version`. */
  ctk: Ran | undefined;
  /** Files of the container device interface that name NVIDIA. */
  cdi: readonly string[];
  has_engine: boolean;
  has_gpu: boolean;
}

/**
 * Ways out of a container, each with the first version without it, by NVIDIA's security bulletins
 * (that of CVE-2026-24260 is answer 5850; Amazon Linux has it as ALAS2023NVIDIA-2026-297).
 */
const escapes: readonly (readonly [cve: string, fixed: string])[] = [
  ["CVE-2024-0132", "1.16.2"],
  ["CVE-2025-23359", "1.17.4"],
  ["CVE-2025-23266", "1.17.8"],
  ["CVE-2025-23267", "1.17.8"],
  ["CVE-2026-24260", "1.19.1"],
];

export async function probeToolkit(host: Host): Promise<ToolkitSigns> {
  const folders = ["/etc/cdi", "/var/run/cdi"];
  const names = await Promise.all(folders.map((folder) => host.names(folder)));
  const engine = (await host.run("docker", "--version")) ?? (await host.run("podman", "--version"));
  return {
    ctk: await host.run("nvidia-ctk", "--version"),
    cdi: names.flat().filter((name) => /nvidia.*\.(?:ya?ml|json)$/.test(name)),
    has_engine: engine !== undefined,
    has_gpu: (await host.read("/proc/driver/nvidia/version")) !== undefined,
  };
}

export function judgeToolkit({ ctk, cdi, has_engine, has_gpu }: ToolkitSigns): Judgement {
  if (!has_gpu || (!has_engine && ctk === undefined)) {
    return ok("Not needed: no NVIDIA GPU is used from containers here.");
  }
  if (ctk === undefined) {
    return warn(
      "There is a container engine, but no nvidia-container-toolkit.",
      "Install nvidia-container-toolkit 1.19.1 or newer to run runtimes in containers.",
    );
  }
  const version = toolkitVersion(ctk.output);
  if (version === undefined) return unknown("nvidia-ctk does not print its version.");
  const open = escapes.filter(([, fixed]) => isOlder(version, fixed)).map(([cve]) => cve);
  if (open.length > 0) {
    return fail(
      `Version ${version} lets containers break out: ${open.join(", ")}.`,
      "Update nvidia-container-toolkit to 1.19.1 or newer.",
    );
  }
  if (cdi.length > 0) return ok(`Version ${version}, with a CDI specification.`);
  return warn(
    `Version ${version}, without a CDI specification.`,
    "Make one: nvidia-ctk cdi generate --output=/etc/cdi/nvidia.yaml (again after each driver update).",
  );
}

/** `NVIDIA Container Toolkit CLI version 1.17.8`, and the commit below it. */
export const toolkitVersion = (output: string): string | undefined =>
  /version:?\s+v?(\d+\.\d+\.\d+(?:[-~]rc\.?\d+)?)/i.exec(output)?.[1];

/** A release candidate is older than its release. */
export function isOlder(version: string, than: string): boolean {
  const [mine = "", candidate] = version.split(/[-~]/);
  const order = new Intl.Collator("en", { numeric: true }).compare(mine, than);
  return order < 0 || (order === 0 && candidate !== undefined);
}
