/** One program of the dev loop, which is started again when its source changes or when it has ended by itself. */
import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";

/** An appliance lets open requests finish, and a dashboard always has one; a second signal means now. */
const patience_ms = 500;
const again_after_ms = 1000;

export interface Program {
  name: string;
  command: readonly string[];
  env?: Readonly<Record<string, string>>;
  /** Each line that it prints. */
  heard(line: string): void;
  /** It was started. */
  started(pid: number | undefined): void;
}

export class Service {
  readonly #program: Program;
  #child: ChildProcess | undefined;
  #isWanted = false;

  constructor(program: Program) {
    this.#program = program;
  }

  start(): void {
    this.#isWanted = true;
    const { command, env, heard, started, name } = this.#program;
    const [file = "", ...words] = command;
    const child = spawn(file, words, {
      env: { ...process.env, ...env },
      stdio: ["ignore", "pipe", "pipe"],
    });
    this.#child = child;
    started(child.pid);
    for (const stream of [child.stdout, child.stderr]) {
      let rest = "";
      stream.on("data", (chunk: Buffer) => {
        const lines = (rest + chunk.toString()).split("\n");
        rest = lines.pop() ?? "";
        for (const line of lines) heard(line);
      });
    }
    child.once("exit", (code, signal) => {
      if (!this.#isWanted || this.#child !== child) return;
      heard(`${name} has ended by itself (${signal ?? code}), and is started again.`);
      setTimeout(() => {
        if (this.#isWanted && this.#child === child) this.start();
      }, again_after_ms);
    });
  }

  async stop(): Promise<void> {
    this.#isWanted = false;
    const child = this.#child;
    if (!child || child.exitCode !== null || child.signalCode !== null) return;
    const gone = once(child, "exit");
    child.kill("SIGTERM");
    const late = setTimeout(() => child.kill("SIGTERM"), patience_ms);
    const stuck = setTimeout(() => child.kill("SIGKILL"), 10 * patience_ms);
    await gone;
    clearTimeout(late);
    clearTimeout(stuck);
  }

  async restart(): Promise<void> {
    await this.stop();
    this.start();
  }
}
