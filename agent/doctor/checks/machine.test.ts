/** Judges of the checks of the machine itself, on what the kernel and its tools say. */
import { describe, expect, test } from "bun:test";
import type { RuntimeDevice } from "../../contract/runtime-device.ts";
import type { Judgement } from "../finding.ts";
import { judgeCertificate } from "./certificate.ts";
import { judgeClock } from "./clock.ts";
import { judgeEngines } from "./container-engine.ts";
import { judgeControlPlane } from "./control-plane.ts";
import { fileSystemOf, judgeDisk } from "./disk.ts";
import { judgeDiskSpeed } from "./disk-speed.ts";
import { judgeFirewall } from "./firewall.ts";
import { judgeHub } from "./hub.ts";
import { judgeIommu, judgeKernelLog, judgeSecureBoot } from "./kernel.ts";
import { judgeCgroup, judgeFiles, judgeMemory } from "./limits.ts";
import { judgePorts, type Port } from "./ports.ts";
import { judgeRuntimes } from "./runtimes.ts";
import { judgeWeightsDisk } from "./weights-disk.ts";

const gib = 1024 ** 3;
const limits = (
  files: string,
) => `Limit                     Soft Limit           Hard Limit           Units
Max processes             96046                96046                processes
Max open files            ${files}              524288               files
`;
const port = (over: Partial<Port>): Port => ({
  number: 8443,
  for_what: "agents",
  taken: false,
  ours_runs: false,
  ...over,
});
const docker_down =
  "Client: Docker\nCannot connect to the Docker daemon at unix:///var/run/docker.sock. Is the docker daemon running?\n";
const docker_denied =
  "permission denied while trying to connect to the Docker daemon socket at unix:///var/run/docker.sock\n";
const engines = (code: number, output: string) => ({ docker: { code, output }, podman: undefined });
const secure = { enabled: true, gpus: 1, loaded: true };
const group = { version: 2, limit_bytes: null, memory_bytes: 64 * gib } as const;
const memory = { memory_bytes: 64 * gib, shm_bytes: 32 * gib, gpus: 2 };
const disk = { free_bytes: 100e9, kind: "ext4" };
const silent = new Map([["a:1", { is: "silent", why: "timed out" } as const]]);
const another = new Map([["a:1", { is: "another", why: "" } as const]]);
const walls = { relay_port: 8444, ufw: undefined, firewalld: undefined, iptables: undefined };
const ufw = "Status: active\n\nTo Action From\n22/tcp ALLOW Anywhere\n";
const firewalld = "public (active)\n  target: default\n  services: ssh\n  ports: 22/tcp\n";
const iptables = "-P INPUT DROP\n-A INPUT -i lo -j ACCEPT\n-A INPUT -p tcp --dport 22 -j ACCEPT\n";
const weights = { path: "/data", bytes: 100e9, free_bytes: 20e9, shared: false };
const hub = { endpoint: "https://hub", proxy: undefined };
const speed = { write_bytes_per_s: 2e9, read_bytes_per_s: 3e9 };

const llama = (devices: RuntimeDevice[]) => ({ name: "llama-server", version: "0.7.0", devices });

test.each<[string, Judgement, string, string]>([
  ["no engine", judgeEngines({ docker: undefined, podman: undefined }), "ok", "plain processes"],
  ["Docker", judgeEngines(engines(0, "28.2.2\n")), "ok", "Docker 28.2.2"],
  ["Docker that is down", judgeEngines(engines(1, docker_down)), "warn", "does not answer"],
  ["Docker for others", judgeEngines(engines(1, docker_denied)), "warn", "may not use it"],
  ["a large disk", judgeDisk(disk), "ok", "100.0 GB free on ext4"],
  ["a disk that is nearly full", judgeDisk({ ...disk, free_bytes: 1e9 }), "fail", "1.0 GB"],
  ["a small disk", judgeDisk({ ...disk, free_bytes: 9e9 }), "warn", "9.0 GB"],
  ["memory as a disk", judgeDisk({ ...disk, kind: "tmpfs" }), "fail", "lost at a reboot"],
  ["a disk elsewhere", judgeDisk({ ...disk, kind: "nfs4" }), "warn", "over the network"],
  ["a container's layer", judgeDisk({ ...disk, kind: "overlay" }), "warn", "container"],
  ["no disk", judgeDisk(undefined), "unknown", "cannot be read"],
  ["a fast disk", judgeDiskSpeed(speed), "ok", "reads 3000 MB/s"],
  ["a slow disk", judgeDiskSpeed({ ...speed, read_bytes_per_s: 5e8 }), "warn", "takes 140 s"],
  [
    "a disk behind a cache",
    judgeDiskSpeed({ ...speed, read_bytes_per_s: null }),
    "unknown",
    "cannot",
  ],
  ["a disk that was let alone", judgeDiskSpeed(undefined), "unknown", "Not measured"],
  ["the right time", judgeClock({ ahead_ms: 400, synchronised: null }), "ok", "same"],
  ["10 s late", judgeClock({ ahead_ms: -10_000, synchronised: true }), "warn", "10 s behind"],
  [
    "an hour early",
    judgeClock({ ahead_ms: 3_600_000, synchronised: true }),
    "fail",
    "3600 s ahead",
  ],
  ["NTP alone", judgeClock({ ahead_ms: null, synchronised: true }), "ok", "NTP"],
  ["no NTP", judgeClock({ ahead_ms: null, synchronised: false }), "warn", "Not kept"],
  ["no clock to ask", judgeClock({ ahead_ms: null, synchronised: null }), "unknown", "Nobody"],
  ["free ports", judgePorts([port({})]), "ok", "All free"],
  ["our ports", judgePorts([port({ taken: true, ours_runs: true })]), "ok", "8443 answer"],
  ["another's port", judgePorts([port({ taken: true })]), "warn", "uses 8443 (agents)"],
  ["other ports", judgePorts([port({ ours_runs: true })]), "ok", "other ports were chosen"],
  ["no way to the control plane", judgeControlPlane(silent), "fail", "a:1 (timed out)"],
  ["another control plane", judgeControlPlane(another), "fail", "another CA"],
  ["no membership", judgeControlPlane(undefined), "ok", "No agent"],
  ["tunnels", judgeFirewall({ ...walls, relay_port: null }), "ok", "tunnels"],
  ["no firewall to ask", judgeFirewall(walls), "unknown", "Not tried"],
  ["a firewall for root", judgeFirewall({ ...walls, ufw: null }), "unknown", "ufw did not answer"],
  [
    "an open ufw",
    judgeFirewall({ ...walls, ufw: `${ufw}8444/tcp ALLOW` }),
    "ok",
    "nothing plainly",
  ],
  ["an ufw that is off", judgeFirewall({ ...walls, ufw: "Status: inactive\n" }), "ok", "nothing"],
  ["a closed ufw", judgeFirewall({ ...walls, ufw }), "warn", "ufw lets nobody in on 8444"],
  ["a closed firewalld", judgeFirewall({ ...walls, firewalld }), "warn", "firewalld"],
  [
    "an open firewalld",
    judgeFirewall({ ...walls, firewalld: firewalld.replace("22/tcp", "8444/tcp") }),
    "ok",
    "nothing plainly",
  ],
  ["closed tables", judgeFirewall({ ...walls, iptables }), "warn", "iptables"],
  [
    "tables with chains",
    judgeFirewall({ ...walls, iptables: `${iptables}-A INPUT -j X\n` }),
    "ok",
    "",
  ],
  ["open tables", judgeFirewall({ ...walls, iptables: "-P INPUT ACCEPT\n" }), "ok", "nothing"],
  ["a disk with room", judgeWeightsDisk(weights), "ok", "10.0 GB more fit"],
  [
    "a disk over its mark",
    judgeWeightsDisk({ ...weights, free_bytes: 5e9 }),
    "warn",
    "5.0 GB over",
  ],
  [
    "the same, of others",
    judgeWeightsDisk({ ...weights, free_bytes: 5e9, shared: true }),
    "warn",
    "removes nothing",
  ],
  ["a hub that was not asked", judgeHub({ ...hub, answer: null }), "ok", "not asked"],
  ["a hub that answers", judgeHub({ ...hub, answer: 401 }), "ok", "https://hub answers"],
  ["a hub that fails", judgeHub({ ...hub, answer: 502 }), "warn", "status 502"],
  [
    "a proxy's password",
    judgeHub({ ...hub, proxy: "http://me:secret@proxy:3128", answer: "refused" }),
    "warn",
    "https://hub through the proxy http://proxy:3128 fails: refused",
  ],
  ["few files", judgeFiles(limits("1024")), "warn", "1024 open files"],
  ["many files", judgeFiles(limits("65536")), "ok", "65536"],
  ["files without end", judgeFiles(limits("unlimited")), "ok", "unlimited"],
  ["no limits", judgeFiles(undefined), "unknown", "is unknown"],
  ["control groups", judgeCgroup(group), "ok", "Version 2, no memory limit"],
  ["old control groups", judgeCgroup({ ...group, version: 1 }), "warn", "Version 1"],
  ["a tight group", judgeCgroup({ ...group, limit_bytes: 4 * gib }), "warn", "4.0 GiB of memory"],
  ["no groups", judgeCgroup({ ...group, version: null }), "unknown", "No control groups"],
  ["enough shared memory", judgeMemory(memory), "ok", "/dev/shm of 32.0 GiB"],
  [
    "Docker's shared memory",
    judgeMemory({ ...memory, shm_bytes: 64 * 1024 ** 2 }),
    "warn",
    "0.1 GiB",
  ],
  [
    "the same for one GPU",
    judgeMemory({ ...memory, shm_bytes: null, gpus: 1 }),
    "ok",
    "no /dev/shm",
  ],
  ["a signed module", judgeSecureBoot(secure), "ok", "signed"],
  ["an unsigned module", judgeSecureBoot({ ...secure, loaded: false }), "fail", "not signed"],
  ["Secure Boot off", judgeSecureBoot({ ...secure, enabled: false, loaded: false }), "ok", "Off"],
  ["a silent firmware", judgeSecureBoot({ ...secure, enabled: null }), "unknown", "does not say"],
  ["an IOMMU", judgeIommu({ units: 2, gpus: 4 }), "warn", "4 GPUs"],
  ["an IOMMU with one GPU", judgeIommu({ units: 2, gpus: 1 }), "ok", "Not relevant"],
  ["no IOMMU", judgeIommu({ units: 0, gpus: 4 }), "ok", "Off"],
  ["a kernel log", judgeKernelLog(true, 1), "ok", "seen"],
  ["a closed kernel log", judgeKernelLog(false, 1), "warn", "not seen"],
  ["the same without GPUs", judgeKernelLog(false, 0), "ok", "only with GPUs"],
  ["a runtime", judgeRuntimes([{ name: "vllm", version: "0.12.0" }], true), "ok", "vllm 0.12.0"],
  [
    "a broken runtime",
    judgeRuntimes([{ name: "vllm", version: null }], true),
    "warn",
    "vllm does not run",
  ],
  [
    "a runtime that sees GPUs",
    judgeRuntimes([llama([{ id: "Vulkan0", name: "NVIDIA L4", memory_bytes: 1 }])], true, 1),
    "ok",
    "llama-server 0.7.0 (sees Vulkan0 NVIDIA L4).",
  ],
  [
    "one that sees none beside a GPU",
    judgeRuntimes([llama([])], true, 1),
    "warn",
    "llama-server 0.7.0 (sees no GPU). llama-server is a build without a backend for GPUs",
  ],
  ["one that sees none where there is none", judgeRuntimes([llama([])], true, 0), "ok", "no GPU"],
  ["no runtime for an agent", judgeRuntimes([], true), "warn", "No runtime"],
  ["no runtime and no agent", judgeRuntimes([], false), "ok", "None is needed"],
  ["no certificate", judgeCertificate(undefined, 0), "ok", "No agent"],
  ["no certificate in the file", judgeCertificate("nonsense", 0), "fail", "damaged"],
])("%s: %j", (_, judged, state, detail) => {
  expect([judged.state as string, judged.detail]).toEqual([state, expect.stringContaining(detail)]);
  if (state === "ok") expect(judged.advice).toBe("");
  if (state === "warn" || state === "fail") expect(judged.advice).toEndWith(".");
});

describe("the file system of a folder", () => {
  const mounts = `22 1 254:0 / / rw,relatime shared:1 - ext4 /dev/vda rw
30 22 0:27 / /var/lib rw shared:5 - xfs /dev/nvme0n1 rw
31 30 0:28 / /var/lib/my\\040data rw - nfs4 server:/x rw
`;
  test.each([
    ["/home/a", "ext4"],
    ["/var/lib", "xfs"],
    ["/var/library", "ext4"],
    ["/var/lib/my data/b", "nfs4"],
  ])("%s is of %s", (path, kind) => expect(fileSystemOf(path, mounts)).toBe(kind));
  test("is unknown where nothing is mounted", () => expect(fileSystemOf("/a", "")).toBe("unknown"));
});
