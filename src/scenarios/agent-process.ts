import type { ChildProcess } from "node:child_process";
import { once } from "node:events";
import { join } from "node:path";
import { eventually, type Testbed } from "./appliance.testbed.ts";

/** A host agent that can be killed and started again on the same home. */
export class AgentProcess {
  readonly home: string;
  readonly #testbed: Testbed;
  readonly #token: string;
  readonly #before: readonly string[];
  readonly #more: readonly string[];
  #child: ChildProcess | undefined;

  /** BEFORE: as in Testbed.spawn; MORE: further words of the agent's command line. */
  constructor(
    testbed: Testbed,
    home: string,
    token: string,
    before: readonly string[] = [],
    more: readonly string[] = [],
  ) {
    this.#testbed = testbed;
    this.home = home;
    this.#token = token;
    this.#before = before;
    this.#more = more;
    this.start();
    testbed.defer(() => this.stop());
  }

  get pid(): number {
    return this.#child?.pid ?? 0;
  }

  start(): void {
    this.#child = this.#testbed.spawn(
      [
        ...["agent", "--home", this.home, "--join", this.#token, "--stop-runtimes-on-exit"],
        ...this.#more,
      ],
      {},
      this.#before,
    );
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
    if (this.#child?.signalCode === "SIGKILL") {
      this.start();
      await eventually("the agent has adopted what its predecessor left", () => this.#ownsHome());
    }
    const child = this.#child;
    if (!child || child.exitCode !== null) return;
    child.kill("SIGTERM");
    await once(child, "exit");
  }

  async #ownsHome(): Promise<boolean> {
    const lock = await Bun.file(join(this.home, "agent", "agent.lock")).json();
    return (lock as { pid: number }).pid === this.pid;
  }
}
