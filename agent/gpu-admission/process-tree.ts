import { readdirSync } from "node:fs";
import { readFile } from "node:fs/promises";
import { bootId, isAlive, type ProcessIdentity, readStat } from "../contract/process-identity.ts";
import { errorCode } from "../files/durable-file.ts";
import type { Handle } from "../process/handle.ts";
import type { StopTimes } from "../process/stop.ts";
import { type Life, lifeIn } from "./mark.ts";

/** The parts of a handle by which its processes are known. */
export type OwnProcess = Pick<Handle, "process"> & { spec: Life };

/** Living processes of the group or the session that a runtime leads or led. Reads /proc/PID/stat alone. */
export function descendantsOf({ process: leader }: Pick<OwnProcess, "process">): ProcessIdentity[] {
  if (leader.boot_id !== bootId()) return [];
  const holder = readStat(leader.pid);
  // A number is not given away while a group or a session has it: so the runtime's is gone.
  if (holder !== undefined && holder.start_ticks !== leader.start_ticks) return [];
  return living(({ group, session }) => group === leader.pid || session === leader.pid);
}

/** Those, and what has left both and carries the mark of this very epoch (mark.ts). */
export async function processTreeOf(known: OwnProcess): Promise<ProcessIdentity[]> {
  const near = descendantsOf(known);
  const { boot_id, start_ticks } = known.process;
  if (boot_id !== bootId()) return [];
  const pids = new Set(near.map(({ pid }) => pid));
  const younger = living((stat) => stat.start_ticks >= start_ticks);
  const orphans = await Promise.all(
    younger
      .filter(({ pid }) => !pids.has(pid))
      .map(async (identity) => {
        const life = await lifeOf(identity);
        return life?.id === known.spec.id && life.epoch === known.spec.epoch ? [identity] : [];
      }),
  );
  return [...near, ...orphans.flat()];
}

/** The epoch whose mark a process carries; undefined without one, or when it is another process by now. */
export async function lifeOf(identity: ProcessIdentity): Promise<Life | undefined> {
  // Not in this thread: the kernel may let a reader wait for a process that is stuck in it.
  const environ = await readFile(`/proc/${identity.pid}/environ`, "latin1").catch(() => "");
  return isAlive(identity) ? lifeIn(environ) : undefined;
}

/** TERM, patience, KILL, patience, each process by its identity. Returns those that live on. */
export async function endAll(
  processes: readonly ProcessIdentity[],
  { grace_ms, kill_ms }: StopTimes,
): Promise<ProcessIdentity[]> {
  for (const [signal, within_ms] of [
    ["SIGTERM", grace_ms],
    ["SIGKILL", kill_ms],
  ] as const) {
    for (const identity of processes.filter(isAlive)) signalTo(identity, signal);
    const until = performance.now() + within_ms;
    while (processes.some(isAlive) && performance.now() < until) await Bun.sleep(20);
  }
  return processes.filter(isAlive);
}

function signalTo({ pid }: ProcessIdentity, signal: NodeJS.Signals): void {
  try {
    process.kill(pid, signal);
  } catch (error) {
    if (errorCode(error) !== "ESRCH") throw error;
  }
}

type Stat = NonNullable<ReturnType<typeof readStat>>;

function living(isMeant: (stat: Stat) => boolean): ProcessIdentity[] {
  return readdirSync("/proc")
    .filter((name) => /^[0-9]+$/.test(name))
    .flatMap((name) => {
      const pid = Number(name);
      const stat = readStat(pid);
      if (stat === undefined || stat.state === "Z" || stat.state === "X" || !isMeant(stat))
        return [];
      return [{ pid, start_ticks: stat.start_ticks, boot_id: bootId() }];
    });
}
