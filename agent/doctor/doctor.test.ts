import { afterAll, expect, test } from "bun:test";
import { createHash } from "node:crypto";
import { mkdtempSync, readdirSync, rmSync } from "node:fs";
import type { AddressInfo } from "node:net";
import { createServer } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { createServer as createTlsServer } from "node:tls";
import { TestAuthority } from "../session/authority.testbed.ts";
import { probeAgent } from "./checks/agent-process.ts";
import { judgeAuthority, judgeCertificate } from "./checks/certificate.ts";
import { judgeControlPlane, probeControlPlane } from "./checks/control-plane.ts";
import { judgeHub, probeHub } from "./checks/hub.ts";
import { probeCgroup } from "./checks/limits.ts";
import { examine, type Visit } from "./doctor.ts";
import { type Host, thisHost } from "./host.ts";

const home = mkdtempSync(join(tmpdir(), "hypervize-doctor-"));
afterAll(() => rmSync(home, { recursive: true }));
const visit: Visit = {
  home,
  url: undefined,
  llama: undefined,
  quick: true,
  running: { appliance: false, agent: false },
  agent_pid: undefined,
};

/** A machine that has nothing but what OVER says. */
const bare = (over: Partial<Host>): Host => ({
  which: () => undefined,
  run: async () => undefined,
  read: async () => undefined,
  names: async () => [],
  opens: async () => false,
  disk: async () => undefined,
  diskSpeed: () => Promise.reject(new Error("the disk was not to be touched")),
  isTaken: async () => false,
  dateOf: async () => undefined,
  env: {},
  greets: async () => ({ is: "silent", why: "nobody listens" }),
  asks: async () => "nobody listens",
  now: () => 0,
  ...over,
});

test("this machine is examined, the disk really, and nothing stays behind", async () => {
  const yet_to_be_made = join(home, "data", "hypervize");
  const findings = await examine(thisHost, { ...visit, home: yet_to_be_made, quick: false });
  expect(new Set(findings.map(({ name }) => name)).size).toBe(21);
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
    state: "unknown",
    detail: expect.stringContaining("was not to be touched"),
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
    name: "NVIDIA driver",
    state: "fail",
    detail: "1 NVIDIA GPU(s), and no driver.",
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

test("a certificate that should have been renewed is warned of, and then has expired", async () => {
  const { certificate_pem, key_pem } = await (await TestAuthority.create()).issue("host");
  const day_ms = 86_400_000;
  const pair = `${key_pem}\n${certificate_pem}\n`;
  const inDays = (days: number) => judgeCertificate(pair, Date.now() + days * day_ms);
  expect(inDays(0).state).toBe("ok");
  expect(inDays(340)).toMatchObject({ state: "warn", detail: expect.stringContaining("24 days") });
  expect(inDays(366)).toMatchObject({ state: "fail", detail: expect.stringContaining("expired") });
});

test("the certificate of an agent is found where agents keep it", async () => {
  const files: Record<string, string> = { [`${home}/agent/host.pem`]: "nonsense" };
  const findings = await examine(bare({ read: async (path) => files[path] }), visit);
  expect(findings.find(({ name }) => name === "Certificate")).toMatchObject({ state: "fail" });
});

test("the fleet's CA is warned of for three months before its end", async () => {
  const { ca_pem } = await TestAuthority.create();
  const inDays = (days: number) => judgeAuthority(ca_pem, Date.now() + days * 86_400_000);
  expect([inDays(274).state, inDays(276).state, inDays(366).state]).toEqual(["ok", "warn", "fail"]);
  expect(inDays(276).detail).toContain("88 days");
});

test("what an agent was started with is read from its process", async () => {
  const files: Record<string, string> = {
    "/proc/7/cmdline": "hypervize\0agent\0--relay-port\x009444\0--vllm=/opt/vllm\0",
    "/proc/7/environ": "HF_ENDPOINT=http://mirror\0A=b=c\0",
    "/proc/7/limits": "Max open files 1 2",
    "/proc/8/cmdline": "hypervize\0agent\0--tunnel\0",
  };
  const host = bare({ read: async (path) => files[path], env: { HTTP_PROXY: "http://proxy" } });
  expect(await probeAgent(host, 7)).toEqual({
    runs: true,
    relay_port: 9444,
    limits: "Max open files 1 2",
    env: { HF_ENDPOINT: "http://mirror", A: "b=c" },
    named: { vllm: "/opt/vllm" },
  });
  expect(await probeAgent(host, 8)).toMatchObject({ relay_port: null });
  expect(await probeAgent(host, undefined)).toMatchObject({ relay_port: 8444, env: host.env });
});

test("runtimes are looked for as the agent looks for them, not as this terminal would", async () => {
  const files: Record<string, string> = {
    "/proc/7/cmdline": "hypervize\0agent\0--vllm\0/opt/vllm\0",
    "/proc/7/environ": "PATH=/agent/bin\0",
  };
  const host = bare({
    read: async (path) => files[path],
    env: { PATH: "/usr/bin" },
    which: (program, PATH) => (program === "llama-server" ? `${PATH}/${program}` : undefined),
    run: async (path) =>
      /^\/(?:agent\/bin|opt)\//.test(path) ? { code: 0, output: "1.2" } : undefined,
  });
  const found = (await examine(host, { ...visit, agent_pid: 7 })).find(
    ({ name }) => name === "Runtimes",
  );
  expect(found).toMatchObject({ state: "ok", detail: "llama-server 1.2, vllm 1.2." });
});

test("the control plane is greeted really, and known by its CA alone", async () => {
  const authority = await TestAuthority.create();
  const { certificate_pem, key_pem, ca_pem } = await authority.issue("control-plane");
  const server = createTlsServer({ key: key_pem, cert: `${certificate_pem}\n${ca_pem}` });
  await new Promise<void>((settle) => server.listen(0, "127.0.0.1", settle));
  const address = `127.0.0.1:${(server.address() as AddressInfo).port}`;
  const pin = createHash("sha256").update(authority.der).digest("hex");
  expect(await thisHost.greets(address, pin)).toEqual({ is: "ours", why: "" });
  expect(await thisHost.greets(address, "0".repeat(64))).toMatchObject({ is: "another" });
  await new Promise((settle) => server.close(settle));
  expect(await thisHost.greets(address, pin)).toMatchObject({ is: "silent" });
});

test("of several addresses of the control plane one is enough", async () => {
  const identity = JSON.stringify({ addresses: ["a:1", "b:1"], ca_sha256: "00" });
  const host = bare({
    read: async (path) => (path.endsWith("identity.json") ? identity : undefined),
    greets: async (address) => ({ is: address === "b:1" ? "ours" : "silent", why: "" }),
  });
  const found = await probeControlPlane(host, home);
  expect(judgeControlPlane(found)).toMatchObject({
    state: "ok",
    detail: expect.stringMatching(/^b:1 answers/),
  });
});

test("a hub is asked directly or through the proxy that the environment names, and not for ever", async () => {
  const lines: string[] = [];
  const proxy = createServer((socket) => {
    socket.on("error", () => undefined);
    socket.on("data", (bytes) => {
      lines.push(String(bytes).split("\r\n")[0] ?? "");
      socket.end("HTTP/1.1 407 Who are you\r\ncontent-length: 0\r\nconnection: close\r\n\r\n");
    });
  });
  await new Promise<void>((settle) => proxy.listen(0, "127.0.0.1", settle));
  const HTTP_PROXY = `http://127.0.0.1:${(proxy.address() as AddressInfo).port}`;
  const env = { HF_ENDPOINT: "http://hub.example", HTTP_PROXY };
  const found = await probeHub(thisHost, env);
  expect(judgeHub(found)).toMatchObject({
    state: "warn",
    detail: expect.stringContaining("password"),
  });
  expect(lines).toEqual(["HEAD http://hub.example/ HTTP/1.1"]);
  await new Promise((settle) => proxy.close(settle));
  expect(judgeHub(await probeHub(thisHost, env)).state).toBe("warn");
  const silent = createServer(() => undefined);
  await new Promise<void>((settle) => silent.listen(0, "127.0.0.1", settle));
  const url = `http://127.0.0.1:${(silent.address() as AddressInfo).port}`;
  expect(await thisHost.asks(url, undefined)).toBe("no answer in 3 s");
  silent.close();
}, 20_000);
