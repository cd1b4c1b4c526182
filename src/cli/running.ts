/**
 * Which processes run from a home, by identity (pid, start time and boot), never by name: a pid alone may
 * belong to somebody else by now. The appliance records itself in HOME/run/appliance.json, the agent in
 * its lock, HOME/agent/agent.lock.
 */
import { mkdirSync, readFileSync, renameSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import {
  bootId,
  identify,
  isAlive,
  type ProcessIdentity,
} from "../../agent/contract/process-identity.ts";

export interface RunningAppliance extends ProcessIdentity {
  url: string;
}

export function recordAppliance(home: string, url: string): void {
  const file = applianceFile(home);
  mkdirSync(join(home, "run"), { recursive: true, mode: 0o700 });
  const record = { pid: process.pid, ...identify(process.pid), url };
  writeFileSync(`${file}.new`, JSON.stringify(record), { mode: 0o600 });
  renameSync(`${file}.new`, file);
}

export function forgetAppliance(home: string): void {
  rmSync(applianceFile(home), { force: true });
}

export function runningAppliance(home: string): RunningAppliance | undefined {
  return liveRecord<RunningAppliance>(applianceFile(home));
}

export function runningAgent(home: string): ProcessIdentity | undefined {
  return liveRecord<ProcessIdentity>(join(home, "agent", "agent.lock"));
}

/** The unit of ours that systemd runs a process in, by the text of its /proc/PID/cgroup: hypervize or hypervize-agent. */
export function serviceIn(cgroup: string): string | undefined {
  return /\/(hypervize(?:-agent)?)\.service(?:\/|$)/m.exec(cgroup)?.[1];
}

export function serviceOf({ pid }: ProcessIdentity): string | undefined {
  try {
    return serviceIn(readFileSync(`/proc/${pid}/cgroup`, "utf8"));
  } catch {
    return undefined;
  }
}

/** The recorded process, if that very process is still alive. */
function liveRecord<Record extends ProcessIdentity>(file: string): Record | undefined {
  try {
    // The record of an older appliance, which may still run, names no boot.
    const record = { boot_id: bootId(), ...JSON.parse(readFileSync(file, "utf8")) } as Record;
    return isAlive(record) ? record : undefined;
  } catch {
    return undefined;
  }
}

function applianceFile(home: string): string {
  return join(home, "run", "appliance.json");
}
