import { afterAll, expect, test } from "bun:test";
import { mkdtempSync, readdirSync, rmSync } from "node:fs";
import { createServer } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { TestAuthority } from "../authority-testbed.ts";
import { judgeCertificate } from "./checks/certificate.ts";
import { probeCgroup } from "./checks/limits.ts";
import { examine, type Visit } from "./doctor.ts";
import { type Host, thisHost } from "./host.ts";

const home = mkdtempSync(join(tmpdir(), "hypervize-doctor-"));
afterAll(() => rmSync(home, { recursive: true }));
const visit: Visit = {
  ...{ home, url: undefined, llama: undefined, quick: true },
  running: { appliance: false, agent: false },
};

/** A machine that has nothing but what OVER says. */
const bare = (over: Partial<Host>): Host => ({
  run: async () => undefined,
  read: async () => undefined,
  names: async () => [],
  opens: async () => false,
  disk: async () => undefined,
  diskSpeed: () => Promise.reject(new Error("the disk was not to be touched")),
  isTaken: async () => false,
  dateOf: async () => undefined,
  now: () => 0,
  ...over,
});

test("this machine is examined, the disk really, and nothing stays behind", async () => {
  const findings = await examine(thisHost, { ...visit, quick: false });
  expect(new Set(findings.map(({ name }) => name)).size).toBe(16);
  expect(findings.find(({ name }) => name === "Disk speed")?.detail).toMatch(/ [1-9]\d* MB\/s/);
  expect(findings.find(({ name }) => name === "Open files")?.detail).toMatch(/^\d+|unlimited/);
  expect(readdirSync(home)).toEqual([]);
}, 30_000);

test("a machine without anything breaks no check, and a check that breaks stops no other", async () => {
  const findings = await examine(bare({}), visit);
  expect(findings.filter(({ state }) => state === "fail")).toEqual([]);
  const broken = await examine(bare({}), { ...visit, quick: false });
  expect(broken).toHaveLength(findings.length);
  expect(broken.find(({ name }) => name === "Disk speed")).toMatchObject({
    ...{ state: "unknown", detail: expect.stringContaining("was not to be touched") },
  });
});

test("GPUs on the bus without a driver are found, and a hung nvidia-smi is said", async () => {
  const pci: Record<string, string> = {
    "/sys/bus/pci/devices/0000:01:00.0/vendor": "0x10de\n",
    "/sys/bus/pci/devices/0000:01:00.0/class": "0x030200\n",
    "/sys/bus/pci/devices/0000:02:00.0/vendor": "0x10de\n",
    "/sys/bus/pci/devices/0000:02:00.0/class": "0x068000\n",
  };
  const host = bare({
    read: async (path) => pci[path],
    names: async (path) => (path.endsWith("pci/devices") ? ["0000:01:00.0", "0000:02:00.0"] : []),
  });
  expect((await examine(host, visit))[0]).toMatchObject({
    ...{ name: "NVIDIA driver", state: "fail", detail: "1 NVIDIA GPU(s), and no driver." },
  });
  const hung = { ...host, run: async () => ({ code: -1, output: "" }) };
  expect((await examine(hung, visit))[0]?.detail).toContain("did not answer in 20 s");
});

test("the memory limit is read from both versions of control groups", async () => {
  const meminfo = "MemTotal:       1000 kB\n";
  const two: Record<string, string> = {
    "/sys/fs/cgroup/cgroup.controllers": "cpu memory\n",
    "/proc/self/cgroup": "0::/system.slice/a.service\n",
    "/sys/fs/cgroup/system.slice/a.service/memory.max": "4096\n",
    "/proc/meminfo": meminfo,
  };
  const of = (files: Record<string, string>) =>
    probeCgroup(bare({ read: async (path) => files[path], names: async () => ["cpu", "memory"] }));
  expect(await of(two)).toEqual({ version: 2, limit_bytes: 4096, memory_bytes: 1_024_000 });
  const unlimited = { ...two, "/sys/fs/cgroup/system.slice/a.service/memory.max": "max\n" };
  expect((await of(unlimited)).limit_bytes).toBeNull();
  const one = {
    "/proc/self/cgroup": "5:cpu,cpuacct:/\n4:memory:/docker/x\n",
    "/sys/fs/cgroup/memory/docker/x/memory.limit_in_bytes": "9223372036854771712\n",
    "/proc/meminfo": meminfo,
  };
  expect(await of(one)).toEqual({ version: 1, limit_bytes: null, memory_bytes: 1_024_000 });
});

test("a clock is compared with the appliance's, and a port that is taken is seen", async () => {
  const server = Bun.serve({
    port: 0,
    fetch: () => new Response("{}", { headers: { date: new Date(0).toUTCString() } }),
  });
  const url = `http://127.0.0.1:${server.port}`;
  const findings = await examine(thisHost, { ...visit, url });
  expect(findings.find(({ name }) => name === "Clock")).toMatchObject({ state: "fail" });
  await server.stop(true);
  expect(await thisHost.dateOf(url)).toBeUndefined();
  const listener = createServer();
  const port = await new Promise<number>((settle) =>
    listener.listen(0, () => settle((listener.address() as { port: number }).port)),
  );
  expect(await thisHost.isTaken(port)).toBe(true);
  await new Promise((settle) => listener.close(settle));
  expect(await thisHost.isTaken(port)).toBe(false);
});

test("a certificate is good for a year, is warned of in its last month, and then has expired", async () => {
  const { certificate_pem } = await (await TestAuthority.create()).issue("host");
  const day_ms = 86_400_000;
  const inDays = (days: number) => judgeCertificate(certificate_pem, Date.now() + days * day_ms);
  expect(inDays(0).state).toBe("ok");
  expect(inDays(340)).toMatchObject({ state: "warn", detail: expect.stringContaining("24 days") });
  expect(inDays(366)).toMatchObject({ state: "fail", detail: expect.stringContaining("expired") });
});
