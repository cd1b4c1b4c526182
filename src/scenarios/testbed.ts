/** Real processes of the real program, in homes of their own, for the stories beside this file. */
import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { mkdtempSync, rmSync } from "node:fs";
import { createServer } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { HostView, ModelView, UsageRow } from "../http.ts";

/** The compiled binary where the test runner built one, else the source. */
const program = process.env["HYPERVIZE_BINARY"]
  ? [process.env["HYPERVIZE_BINARY"]]
  : [process.execPath, join(import.meta.dir, "..", "main.ts")];

export const model = "hypervize-demo";

/** A scenario's processes and folders; `end()` in afterAll leaves nothing behind. */
export class Testbed {
  readonly #children = new Set<ChildProcess>();
  readonly #folders: string[] = [];
  readonly #endings: (() => Promise<void>)[] = [];

  folder(): string {
    const folder = mkdtempSync(join(tmpdir(), "hypervize-"));
    this.#folders.push(folder);
    return folder;
  }

  folders(): readonly string[] {
    return this.#folders;
  }

  /** Runs a command to its end. */
  async run(words: readonly string[], env: Record<string, string> = {}): Promise<Finished> {
    const child = this.spawn(words, env);
    let out = "";
    let err = "";
    child.stdout?.on("data", (chunk) => {
      out += chunk;
    });
    child.stderr?.on("data", (chunk) => {
      err += chunk;
    });
    const [code] = (await once(child, "close")) as [number | null];
    return { code, out, err };
  }

  spawn(words: readonly string[], env: Record<string, string> = {}): ChildProcess {
    const [file = "", ...rest] = [...program, ...words];
    const child = spawn(file, rest, {
      env: { ...process.env, ...env },
      stdio: ["ignore", "pipe", "pipe"],
    });
    this.#children.add(child);
    child.once("exit", () => this.#children.delete(child));
    return child;
  }

  /** Something to be undone at the end, newest first. */
  defer(ending: () => Promise<void>): void {
    this.#endings.unshift(ending);
  }

  async end(): Promise<void> {
    for (const ending of this.#endings) await ending();
    await Promise.all(
      [...this.#children].map(async (child) => {
        child.kill("SIGTERM");
        const late = setTimeout(() => child.kill("SIGKILL"), 10_000);
        if (child.exitCode === null && child.signalCode === null) await once(child, "exit");
        clearTimeout(late);
      }),
    );
    for (const folder of this.#folders) rmSync(folder, { recursive: true, force: true });
  }
}

interface Finished {
  code: number | null;
  out: string;
  err: string;
}

/** A free port of this moment; the listener is closed before the number is given out. */
export async function freePort(): Promise<number> {
  const server = createServer().listen(0, "127.0.0.1");
  await once(server, "listening");
  const address = server.address();
  server.close();
  await once(server, "close");
  if (address === null || typeof address === "string") throw new Error("no port");
  return address.port;
}

/** Polls until PROBE gives something; the deadline is an error, not a result. */
export async function eventually<T>(
  what: string,
  probe: () => Promise<T | undefined | false>,
  within_ms = 30_000,
): Promise<T> {
  const deadline = Date.now() + within_ms;
  for (;;) {
    const found = await probe().catch(() => undefined);
    if (found !== undefined && found !== false) return found;
    if (Date.now() > deadline) throw new Error(`not within ${within_ms} ms: ${what}`);
    await Bun.sleep(20);
  }
}

/** An appliance process that can be killed and started again on the same home and ports. */
export class ApplianceProcess {
  readonly home: string;
  readonly port: number;
  readonly agent_port: number;
  readonly #testbed: Testbed;
  #child: ChildProcess | undefined;

  static async create(testbed: Testbed): Promise<ApplianceProcess> {
    const appliance = new ApplianceProcess(testbed, await freePort(), await freePort());
    await appliance.start();
    return appliance;
  }

  private constructor(testbed: Testbed, port: number, agentPort: number) {
    this.#testbed = testbed;
    this.home = testbed.folder();
    this.port = port;
    this.agent_port = agentPort;
  }

  get url(): string {
    return `http://127.0.0.1:${this.port}`;
  }

  get pid(): number {
    return this.#child?.pid ?? 0;
  }

  /** Resolves with the milliseconds from spawn to the first good answer of /api/health. */
  async start(): Promise<number> {
    const started = performance.now();
    this.#child = this.#testbed.spawn([
      "serve",
      ...["--home", this.home, "--host", "127.0.0.1", "--advertise", `127.0.0.1:${this.agent_port}`],
      ...["--port", String(this.port), "--agent-port", String(this.agent_port)],
    ]);
    let said = "";
    this.#child.stderr?.on("data", (chunk) => {
      said += chunk;
    });
    this.#child.stdout?.resume();
    const child = this.#child;
    await eventually("the appliance answers", async () => {
      if (child.exitCode !== null) throw new Error(said);
      return (await fetch(`${this.url}/api/health`)).ok;
    });
    return performance.now() - started;
  }

  async kill(signal: "SIGKILL" | "SIGTERM"): Promise<void> {
    const child = this.#child;
    if (!child || child.exitCode !== null || child.signalCode !== null) return;
    child.kill(signal);
    await once(child, "exit");
  }

  /** The admin key that the first start left in the home. */
  async adminKey(): Promise<string> {
    return (await Bun.file(join(this.home, "admin-key")).text()).trim();
  }

  async api<T>(path: string, body?: unknown, method = body === undefined ? "GET" : "POST"): Promise<T> {
    const response = await fetch(`${this.url}${path}`, {
      method,
      headers: {
        authorization: `Bearer ${await this.adminKey()}`,
        ...(body === undefined ? {} : { "content-type": "application/json" }),
      },
      ...(body === undefined ? {} : { body: JSON.stringify(body) }),
    });
    if (!response.ok) throw new Error(`${method} ${path}: ${response.status} ${await response.text()}`);
    return (response.status === 204 ? undefined : await response.json()) as T;
  }

  /** Starts an agent in a home of its own, joined with a fresh token. */
  async addAgent(home = this.#testbed.folder()): Promise<AgentProcess> {
    const { token } = await this.api<{ token: string }>("/api/hosts/join-tokens", {});
    return new AgentProcess(this.#testbed, home, token);
  }

  async addDemoModel(over: Record<string, unknown> = {}): Promise<void> {
    await this.api("/api/models", { name: model, source: "builtin:hypervize-demo", ...over });
  }

  hosts(): Promise<HostView[]> {
    return this.api<{ data: HostView[] }>("/api/hosts").then(({ data }) => data);
  }

  usage(limit = 500): Promise<UsageRow[]> {
    return this.api<{ data: UsageRow[] }>(`/api/usage/events?limit=${limit}`).then((r) => r.data);
  }

  /** Waits until the model has at least COUNT ready replicas. */
  ready(count = 1, name = model): Promise<ModelView> {
    return eventually(`${count} ready replicas of ${name}`, async () => {
      const { data } = await this.api<{ data: ModelView[] }>("/api/models");
      return data.find((entry) => entry.id === name && (entry.ready_replicas ?? 0) >= count);
    });
  }

  async createKey(name = "test"): Promise<{ id: string; key: string }> {
    return this.api("/api/keys", { name });
  }
}

export class AgentProcess {
  readonly home: string;
  readonly #testbed: Testbed;
  readonly #token: string;
  #child: ChildProcess | undefined;

  constructor(testbed: Testbed, home: string, token: string) {
    this.#testbed = testbed;
    this.home = home;
    this.#token = token;
    this.start();
    testbed.defer(() => this.stop());
  }

  get pid(): number {
    return this.#child?.pid ?? 0;
  }

  start(): void {
    this.#child = this.#testbed.spawn([
      ...["agent", "--home", this.home, "--join", this.#token, "--stop-runtimes-on-exit"],
    ]);
    this.#child.stdout?.resume();
    this.#child.stderr?.resume();
  }

  /** What the agent recorded of its one runtime. */
  async runtime(): Promise<{ pid: number; port: number }> {
    const folder = join(this.home, "agent", "replicas");
    const [file] = [...new Bun.Glob("*.json").scanSync(folder)];
    if (!file) throw new Error("no runtime");
    const handle = (await Bun.file(join(folder, file)).json()) as {
      process: { pid: number };
      port: number;
    };
    return { pid: handle.process.pid, port: handle.port };
  }

  async runtimePid(): Promise<number> {
    return (await this.runtime()).pid;
  }

  async kill(): Promise<void> {
    const child = this.#child;
    if (!child || child.exitCode !== null || child.signalCode !== null) return;
    child.kill("SIGKILL");
    await once(child, "exit");
  }

  /** Ends the agent with its runtimes; one that was killed is started again for that. */
  async stop(): Promise<void> {
    if (this.#child?.signalCode === "SIGKILL") this.start();
    const child = this.#child;
    if (!child || child.exitCode !== null) return;
    child.kill("SIGTERM");
    await once(child, "exit");
  }
}

/** A chat request as plain HTTP. */
export function chat(
  url: string,
  key: string,
  content: string,
  more: Record<string, unknown> = {},
  signal?: AbortSignal,
): Promise<Response> {
  return fetch(`${url}/v1/chat/completions`, {
    method: "POST",
    headers: { authorization: `Bearer ${key}`, "content-type": "application/json" },
    body: JSON.stringify({ model, temperature: 0, messages: [{ role: "user", content }], ...more }),
    ...(signal && { signal }),
  });
}

/** Resident memory of a process, in bytes. */
export async function residentBytes(pid: number): Promise<number> {
  const status = await Bun.file(`/proc/${pid}/status`).text();
  return Number(/VmRSS:\s+(\d+) kB/.exec(status)?.[1] ?? 0) * 1024;
}

/** Whether the process exists and is not a zombie. */
export async function alive(pid: number): Promise<boolean> {
  const stat = await Bun.file(`/proc/${pid}/stat`).text().catch(() => "");
  return stat !== "" && stat.slice(stat.lastIndexOf(")") + 2)[0] !== "Z";
}
