/**
 * Which processes run from a home, by identity (pid and start time), never by name: a pid alone may
 * belong to somebody else by now. The appliance records itself in HOME/run/appliance.json, the agent in
 * its lock, HOME/agent/agent.lock.
 */
import { mkdirSync, readFileSync, renameSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";

export interface Running {
  pid: number;
  /** Clock ticks after boot at which the process started: field 22 of /proc/PID/stat, proc(5). */
  start_ticks: number;
}

export interface RunningAppliance extends Running {
  url: string;
}

export function recordAppliance(home: string, url: string): void {
  const file = applianceFile(home);
  mkdirSync(join(home, "run"), { recursive: true, mode: 0o700 });
  const start_ticks = startTicks(process.pid) ?? 0;
  const record: RunningAppliance = { pid: process.pid, start_ticks, url };
  writeFileSync(`${file}.new`, JSON.stringify(record), { mode: 0o600 });
  renameSync(`${file}.new`, file);
}

export function forgetAppliance(home: string): void {
  rmSync(applianceFile(home), { force: true });
}

export function runningAppliance(home: string): RunningAppliance | undefined {
  return liveRecord<RunningAppliance>(applianceFile(home));
}

export function runningAgent(home: string): Running | undefined {
  return liveRecord<Running>(join(home, "agent", "agent.lock"));
}

export function isAlive({ pid, start_ticks }: Running): boolean {
  return startTicks(pid) === start_ticks;
}

/** The unit of ours that systemd runs a process in, by the text of its /proc/PID/cgroup: hypervize or hypervize-agent. */
export function serviceIn(cgroup: string): string | undefined {
  return /\/(hypervize(?:-agent)?)\.service(?:\/|$)/m.exec(cgroup)?.[1];
}

export function serviceOf({ pid }: Running): string | undefined {
  try {
    return serviceIn(readFileSync(`/proc/${pid}/cgroup`, "utf8"));
  } catch {
    return undefined;
  }
}

/** The recorded process, if that very process is still alive. */
function liveRecord<Record extends Running>(file: string): Record | undefined {
  try {
    const record = JSON.parse(readFileSync(file, "utf8")) as Record;
    return isAlive(record) ? record : undefined;
  } catch {
    return undefined;
  }
}

function applianceFile(home: string): string {
  return join(home, "run", "appliance.json");
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
