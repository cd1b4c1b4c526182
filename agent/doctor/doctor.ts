import { type AgentSigns, probeAgent } from "./checks/agent-process.ts";
import {
  judgeAuthority,
  judgeCertificate,
  probeAuthority,
  probeCertificate,
} from "./checks/certificate.ts";
import { judgeClock, probeClock } from "./checks/clock.ts";
import { judgeEngines, probeEngines } from "./checks/container-engine.ts";
import { judgeToolkit, probeToolkit } from "./checks/container-toolkit.ts";
import { judgeControlPlane, probeControlPlane } from "./checks/control-plane.ts";
import { existing, judgeDisk, probeDisk } from "./checks/disk.ts";
import { judgeDiskSpeed } from "./checks/disk-speed.ts";
import { judgeFirewall, probeFirewall } from "./checks/firewall.ts";
import { judgeHub, probeHub } from "./checks/hub.ts";
import {
  judgeIommu,
  judgeKernelLog,
  judgeSecureBoot,
  probeIommu,
  probeKernelLog,
  probeSecureBoot,
} from "./checks/kernel.ts";
import { judgeCgroup, judgeFiles, judgeMemory, probeCgroup } from "./checks/limits.ts";
import { judgeDriver, probeDriver } from "./checks/nvidia-driver.ts";
import { judgePersistence, probePersistence } from "./checks/persistence.ts";
import { judgePorts, probePorts, type Running } from "./checks/ports.ts";
import { judgeRuntimes, probeRuntimes } from "./checks/runtimes.ts";
import { judgeWeightsDisk, probeWeightsDisk } from "./checks/weights-disk.ts";
import { type Finding, type Judgement, unknown } from "./finding.ts";
import type { Host } from "./host.ts";

export interface Visit {
  home: string;
  /** Of the control plane's HTTP port, for its clock; undefined when it is not known. */
  url: string | undefined;
  /** Path of llama-server, where somebody named one. */
  llama: string | undefined;
  /** What runs from the home. */
  running: Running;
  /** Of the agent that runs from the home; undefined for none. */
  agent_pid: number | undefined;
  /** Does not measure the disk. */
  quick: boolean;
}

/** Looks at HOST; changes nothing, but for a file of 256 MiB that it writes and removes. Never rejects. */
export async function examine(host: Host, visit: Visit): Promise<Finding[]> {
  const { home, url, llama, running, quick } = visit;
  const driver = await probeDriver(host);
  const { gpus } = driver;
  const certificate = await probeCertificate(host, home);
  const agent: AgentSigns = await probeAgent(host, visit.agent_pid);
  const named = { ...agent.named, ...(llama !== undefined && { "llama-server": llama }) };
  const checks: [name: string, look: () => Promise<Judgement>][] = [
    ["NVIDIA driver", async () => judgeDriver(driver)],
    ["GPU persistence", async () => judgePersistence(await probePersistence(host))],
    ["Container engine", async () => judgeEngines(await probeEngines(host))],
    ["NVIDIA container toolkit", async () => judgeToolkit(await probeToolkit(host))],
    ["Secure Boot", async () => judgeSecureBoot(await probeSecureBoot(host, gpus))],
    ["IOMMU", async () => judgeIommu(await probeIommu(host, gpus))],
    ["Kernel log", async () => judgeKernelLog(await probeKernelLog(host), gpus)],
    ["Memory", async () => judgeMemory(await probeMemory(host, gpus))],
    ["Control groups", async () => judgeCgroup(await probeCgroup(host))],
    ["Open files", async () => judgeFiles(agent.limits)],
    ["Disk", async () => judgeDisk(await probeDisk(host, home))],
    [
      "Disk speed",
      async () =>
        judgeDiskSpeed(quick ? undefined : await host.diskSpeed(await existing(host, home))),
    ],
    ["Weights' disk", async () => judgeWeightsDisk(await probeWeightsDisk(host, home, agent.env))],
    ["Clock", async () => judgeClock(await probeClock(host, url))],
    ["Ports", async () => judgePorts(await probePorts(host, running, agent.relay_port))],
    ["Firewall", async () => judgeFirewall(await probeFirewall(host, agent.relay_port))],
    ["Control plane", async () => judgeControlPlane(await probeControlPlane(host, home))],
    ["Model hub", async () => judgeHub(await probeHub(host, agent.env))],
    [
      "Runtimes",
      async () =>
        judgeRuntimes(
          await probeRuntimes(host, home, named, agent.env["PATH"]),
          certificate !== undefined,
          gpus,
        ),
    ],
    ["Certificate", async () => judgeCertificate(certificate, host.now())],
    ["Fleet's CA", async () => judgeAuthority(await probeAuthority(host, home), host.now())],
  ];
  const findings: Finding[] = [];
  // One after the other: the disk's speed is not measured beside others that read.
  for (const [name, look] of checks) findings.push({ name, ...(await look().catch(unlooked)) });
  return findings;
}

async function probeMemory(host: Host, gpus: number) {
  const { memory_bytes } = await probeCgroup(host);
  return { memory_bytes, shm_bytes: (await host.disk("/dev/shm"))?.bytes ?? null, gpus };
}

function unlooked(error: unknown): Judgement {
  return unknown(`The check failed: ${error instanceof Error ? error.message : error}`);
}
