/** The agent that a demo runs beside its appliance. */
import { spawn } from "node:child_process";
import { existsSync, mkdirSync, openSync } from "node:fs";
import { join } from "node:path";
import { runningAgent } from "./running.ts";
import { end } from "./stop.ts";

/**
 * Starts the agent of HOME unless it still runs (after a kill -9 of the appliance it does). It gets a
 * separate session, so that a terminal's Ctrl-C reaches the appliance alone, which then ends it.
 */
export function ensureAgent(
  home: string,
  appliance: { joinToken(): string; agent_port: number },
  llamaServer: string | undefined,
): void {
  if (runningAgent(home)) return;
  const joined = existsSync(join(home, "agent", "identity.json"));
  const argv = [
    ...self(),
    "agent",
    "--home",
    home,
    "--stop-runtimes-on-exit",
    ...(joined ? [] : ["--join", appliance.joinToken()]),
    ...["--server", `127.0.0.1:${appliance.agent_port}`],
    ...(llamaServer ? ["--llama-server", llamaServer] : []),
  ];
  runDetached(argv, home, "agent.log").unref();
}

export async function stopAgent(home: string): Promise<void> {
  const running = runningAgent(home);
  if (running) await end("the agent", running, () => undefined);
}

/** Starts ARGV in its own session with its output in HOME/logs/LOG. */
export function runDetached(argv: readonly string[], home: string, log: string) {
  const [program = "", ...rest] = argv;
  mkdirSync(join(home, "logs"), { recursive: true, mode: 0o700 });
  const output = openSync(join(home, "logs", log), "a", 0o600);
  return spawn(program, rest, { detached: true, stdio: ["ignore", output, output] });
}

/** How this very program is started again: the compiled binary, or bun with our entry file. */
export function self(): string[] {
  return Bun.main.startsWith("/$bunfs/") ? [process.execPath] : [process.execPath, Bun.main];
}
