/** Real processes of the real program, in separate homes, for the stories beside this file. */
import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { mkdtempSync, rmSync } from "node:fs";
import { createServer } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";

/** The compiled binary where the test runner built one, else the source. */
const program = process.env["HYPERVIZE_BINARY"]
  ? [process.env["HYPERVIZE_BINARY"]]
  : [process.execPath, join(import.meta.dir, "../main.ts")];

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
  async run(
    words: readonly string[],
    env: Record<string, string> = {},
    before: readonly string[] = [],
  ): Promise<Finished> {
    const child = this.spawn(words, env, before);
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

  /** Starts our program; BEFORE is a command that runs another, such as `ip netns exec NAME`. */
  spawn(
    words: readonly string[],
    env: Record<string, string> = {},
    before: readonly string[] = [],
  ): ChildProcess {
    const [file = "", ...rest] = [...before, ...program, ...words];
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

/** Resident memory of a process, in bytes. */
export async function residentBytes(pid: number): Promise<number> {
  const status = await Bun.file(`/proc/${pid}/status`).text();
  return Number(/VmRSS:\s+(\d+) kB/.exec(status)?.[1] ?? 0) * 1024;
}

/** Whether the process exists and is not a zombie. */
export async function alive(pid: number): Promise<boolean> {
  const stat = await Bun.file(`/proc/${pid}/stat`)
    .text()
    .catch(() => "");
  return stat !== "" && stat.slice(stat.lastIndexOf(")") + 2)[0] !== "Z";
}
