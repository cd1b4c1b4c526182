import type { ChildProcess } from "node:child_process";
import { once } from "node:events";
import { join } from "node:path";
import type { HostView, ModelView, UsageRow } from "../app/control-api.ts";
import { AgentProcess } from "./agent-process.ts";
import { eventually, freePort, type Testbed } from "./appliance.testbed.ts";
import { model } from "./chat.ts";

/** An appliance process that can be killed and started again on the same home and ports. */
export class ApplianceProcess {
  readonly home: string;
  readonly #address: string;
  readonly port: number;
  readonly agent_port: number;
  readonly #testbed: Testbed;
  #child: ChildProcess | undefined;
  readonly #before: readonly string[];

  /** ADDRESS: what it listens on, and what it tells agents to dial. BEFORE: as in Testbed.spawn. */
  static async create(
    testbed: Testbed,
    address = "127.0.0.1",
    before: readonly string[] = [],
    home = testbed.folder(),
  ): Promise<ApplianceProcess> {
    const ports = [await freePort(), await freePort()] as const;
    const appliance = new ApplianceProcess(testbed, address, ports, before, home);
    await appliance.start();
    return appliance;
  }

  private constructor(
    testbed: Testbed,
    address: string,
    [port, agentPort]: readonly [number, number],
    before: readonly string[],
    home: string,
  ) {
    this.#testbed = testbed;
    this.#before = before;
    this.#address = address;
    this.home = home;
    this.port = port;
    this.agent_port = agentPort;
  }

  get url(): string {
    return `http://${this.#address}:${this.port}`;
  }

  get pid(): number {
    return this.#child?.pid ?? 0;
  }

  /** Resolves with the milliseconds from spawn to the first good answer of /api/health. */
  async start(): Promise<number> {
    const started = performance.now();
    const words = [
      ...["--home", this.home, "--host", this.#address],
      ...["--advertise", `${this.#address}:${this.agent_port}`],
      ...["--port", String(this.port), "--agent-port", String(this.agent_port)],
    ];
    this.#child = this.#testbed.spawn(["serve", ...words], {}, this.#before);
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

  async api<T>(
    path: string,
    body?: unknown,
    method = body === undefined ? "GET" : "POST",
  ): Promise<T> {
    const response = await fetch(`${this.url}${path}`, {
      method,
      headers: {
        authorization: `Bearer ${await this.adminKey()}`,
        ...(body === undefined ? {} : { "content-type": "application/json" }),
      },
      ...(body === undefined ? {} : { body: JSON.stringify(body) }),
    });
    if (!response.ok)
      throw new Error(`${method} ${path}: ${response.status} ${await response.text()}`);
    return (response.status === 204 ? undefined : await response.json()) as T;
  }

  /** Starts an agent in a separate home, joined with a fresh token. BEFORE, MORE: see AgentProcess. */
  async addAgent(
    home = this.#testbed.folder(),
    before: readonly string[] = [],
    more: readonly string[] = [],
  ): Promise<AgentProcess> {
    const { token } = await this.api<{ token: string }>("/api/hosts/join-tokens", {});
    return new AgentProcess(this.#testbed, home, token, before, more);
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
