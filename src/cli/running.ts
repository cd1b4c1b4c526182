/**
 * Records in HOME/run which process serves a home, by identity (pid and start time), never by name:
 * a pid alone may belong to somebody else by now.
 */
import { mkdirSync, readFileSync, renameSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";

export interface Running {
  pid: number;
  /** Clock ticks after boot at which the process started: field 22 of /proc/PID/stat, proc(5). */
  start_ticks: number;
  url: string;
}

export type Part = "appliance";

export function recordRunning(home: string, part: Part, url: string): void {
  const file = fileOf(home, part);
  mkdirSync(join(home, "run"), { recursive: true, mode: 0o700 });
  const record: Running = { pid: process.pid, start_ticks: startTicks(process.pid) ?? 0, url };
  writeFileSync(`${file}.new`, JSON.stringify(record), { mode: 0o600 });
  renameSync(`${file}.new`, file);
}

export function forgetRunning(home: string, part: Part): void {
  rmSync(fileOf(home, part), { force: true });
}

/** The recorded process, if that very process is still alive. */
export function runningIn(home: string, part: Part): Running | undefined {
  try {
    const record = JSON.parse(readFileSync(fileOf(home, part), "utf8")) as Running;
    return isAlive(record) ? record : undefined;
  } catch {
    return undefined;
  }
}

export function isAlive(process: Pick<Running, "pid" | "start_ticks">): boolean {
  return startTicks(process.pid) === process.start_ticks;
}

function fileOf(home: string, part: Part): string {
  return join(home, "run", `${part}.json`);
}

/** Undefined when there is no such process, or only its zombie. */
function startTicks(pid: number): number | undefined {
  try {
    const stat = readFileSync(`/proc/${pid}/stat`, "utf8");
    // The command name may hold spaces and parentheses: fields are counted after its last ")".
    const fields = stat.slice(stat.lastIndexOf(")") + 2).split(" ");
    return fields[0] === "Z" ? undefined : Number(fields[19]);
  } catch {
    return undefined;
  }
}
