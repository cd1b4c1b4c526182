import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { closeSync } from "node:fs";
import { identify, isAlive, type ProcessIdentity } from "../contract/process-identity.ts";
import { openLog } from "./log.ts";

/** How a process ended. Both are unknown for a process that we adopted: it is not our child. */
export interface Exit {
  code: number | undefined;
  signal: string | undefined;
}

export interface Supervised {
  identity: ProcessIdentity;
  /** Settles when the process has ended; never rejects. */
  exited: Promise<Exit>;
}

export interface Program {
  /** Absolute path of the executable, then its arguments. */
  command: readonly string[];
  env: Readonly<Record<string, string>>;
  log_path: string;
}

/**
 * The process waits in a shell for one line on its standard input before it becomes the program.
 * Should the agent die first, the pipe closes and the process ends: it cannot outlive an agent that
 * had no time to write down that it exists. exec keeps pid and start time.
 */
const gate = 'IFS= read -r go || exit 0; exec "$@" </dev/null';

/**
 * Starts a program as the leader of a new session and process group (setsid), so that it survives
 * the agent and a terminal's Ctrl-C. RECORD must make the identity durable; only when it has
 * finished does the program run. Rejects when the process could not be made or recorded.
 */
export async function supervise(
  program: Program,
  record: (identity: ProcessIdentity) => Promise<void>,
): Promise<Supervised> {
  const log = openLog(program.log_path);
  let child: ChildProcess;
  try {
    child = spawn("/bin/sh", ["-c", gate, "hypervize-gate", ...program.command], {
      detached: true,
      stdio: ["pipe", log, log],
      env: { ...program.env },
      cwd: "/",
    });
  } finally {
    closeSync(log);
  }
  const exited = new Promise<Exit>((settle) => {
    child.once("exit", (code, signal) =>
      settle({ code: code ?? undefined, signal: signal ?? undefined }),
    );
  });
  if (child.pid === undefined) await once(child, "spawn");
  child.on("error", () => undefined);
  child.stdin?.on("error", () => undefined);
  const identity = identify(child.pid ?? 0);
  if (identity === undefined) throw new Error("The process ended before it began.");
  try {
    await record(identity);
  } catch (error) {
    child.stdin?.end();
    await exited;
    throw error;
  }
  child.stdin?.end("go\n");
  child.unref();
  return { identity, exited };
}

/**
 * Watches a process that is not our child: the kernel tells only parents, so its entry in /proc is
 * looked at every INTERVAL_MS. Settles when it is gone or when SIGNAL aborts.
 */
export function watchAdopted(
  identity: ProcessIdentity,
  interval_ms: number,
  signal: AbortSignal,
): Promise<Exit> {
  return new Promise((settle) => {
    const end = () => {
      clearInterval(timer);
      signal.removeEventListener("abort", end);
      settle({ code: undefined, signal: undefined });
    };
    const timer = setInterval(() => {
      if (!isAlive(identity)) end();
    }, interval_ms);
    signal.addEventListener("abort", end);
    if (signal.aborted || !isAlive(identity)) end();
  });
}
