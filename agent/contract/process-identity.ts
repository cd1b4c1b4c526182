import { readdirSync, readFileSync } from "node:fs";

/**
 * What tells one process from every other that ever had its pid: the kernel's start time, in clock
 * ticks since boot (proc_pid_stat(5), field 22), and which boot. It stays the same across exec.
 */
export interface ProcessIdentity {
  pid: number;
  start_ticks: number;
  boot_id: string;
}

/** The fields of /proc/PID/stat that we use. */
export interface ProcessStat {
  state: string;
  group: number;
  session: number;
  start_ticks: number;
}

/** Undefined for a text that is not a stat line. The command name may hold spaces and brackets. */
export function parseStat(text: string): ProcessStat | undefined {
  const end = text.lastIndexOf(")");
  if (end < 0) return undefined;
  const fields = text.slice(end + 2).split(" ");
  const [state, , group, session] = fields;
  const start = Number(fields[19]);
  if (state === undefined || !Number.isFinite(start)) return undefined;
  return { state, group: Number(group), session: Number(session), start_ticks: start };
}

/** Undefined when there is no such process. */
export function readStat(pid: number): ProcessStat | undefined {
  try {
    return parseStat(readFileSync(`/proc/${pid}/stat`, "latin1"));
  } catch {
    return undefined;
  }
}

let boot: string | undefined;

/** Changes with every boot of the kernel. */
export function bootId(): string {
  boot ??= readFileSync("/proc/sys/kernel/random/boot_id", "latin1").trim();
  return boot;
}

/** Undefined when the process is gone already. */
export function identify(pid: number): ProcessIdentity | undefined {
  const stat = readStat(pid);
  return stat && { pid, start_ticks: stat.start_ticks, boot_id: bootId() };
}

/**
 * True while this very process runs. A zombie does not run: in a container whose first process
 * reaps nobody, an adopted runtime that died would stay one for ever.
 */
export function isAlive(identity: ProcessIdentity): boolean {
  if (identity.boot_id !== bootId()) return false;
  const stat = readStat(identity.pid);
  return stat !== undefined && stat.start_ticks === identity.start_ticks && !isDead(stat);
}

/**
 * Living processes of the group that this process leads or led. When the leader is gone its number
 * cannot be given away while the group has members; when another process carries the number, the
 * group has gone.
 */
export function livingGroup(leader: ProcessIdentity): number[] {
  if (leader.boot_id !== bootId()) return [];
  const holder = readStat(leader.pid);
  if (holder !== undefined && holder.start_ticks !== leader.start_ticks) return [];
  return readdirSync("/proc")
    .filter((name) => /^[0-9]+$/.test(name))
    .map(Number)
    .filter((pid) => {
      const stat = readStat(pid);
      return stat !== undefined && stat.group === leader.pid && !isDead(stat);
    });
}

function isDead(stat: ProcessStat): boolean {
  return stat.state === "Z" || stat.state === "X";
}
