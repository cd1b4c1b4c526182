import { livingGroup, type ProcessIdentity } from "../contract/process-identity.ts";
import { errorCode } from "../files/durable-file.ts";

export interface StopTimes {
  /** How long the group may take to end on its own after TERM. */
  grace_ms: number;
  /** How long to wait for the kernel after KILL; a process in uninterruptible sleep can exceed it. */
  kill_ms: number;
}

/**
 * Ends a whole process group: TERM, at most grace_ms of patience, KILL, and proof that nobody of it
 * lives. Returns how it went; rejects with a sentence when even KILL did not end it.
 */
export async function stopGroup(
  leader: ProcessIdentity,
  times: StopTimes,
): Promise<"gone" | "terminated" | "killed"> {
  if (livingGroup(leader).length === 0) return "gone";
  signalGroup(leader, "SIGTERM");
  if (await emptied(leader, times.grace_ms)) return "terminated";
  signalGroup(leader, "SIGKILL");
  if (await emptied(leader, times.kill_ms)) return "killed";
  throw new Error(
    `Process group ${leader.pid} did not end after SIGKILL; it waits in the kernel, look at its state with \`ps -o pid,stat,wchan -g ${leader.pid}\`.`,
  );
}

function signalGroup(leader: ProcessIdentity, signal: NodeJS.Signals): void {
  if (livingGroup(leader).length === 0) return;
  try {
    process.kill(-leader.pid, signal);
  } catch (error) {
    if (errorCode(error) !== "ESRCH") throw error;
  }
}

/** Looks often at first, since most runtimes end at once, then seldom. */
async function emptied(leader: ProcessIdentity, within_ms: number): Promise<boolean> {
  const until = performance.now() + within_ms;
  for (let pause_ms = 5; ; pause_ms = Math.min(pause_ms * 2, 200)) {
    if (livingGroup(leader).length === 0) return true;
    const left_ms = until - performance.now();
    if (left_ms <= 0) return false;
    await Bun.sleep(Math.min(pause_ms, left_ms));
  }
}
