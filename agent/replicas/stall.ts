import { readFileSync } from "node:fs";
import { setTimeout } from "node:timers/promises";
import type { RuntimeDriver } from "../runtimes/runtime.ts";

export interface StallTimes {
  /** Between two questions. */
  every_ms: number;
  /** How long one answer may take. */
  answer_ms: number;
  /** So long without an answer and without work, and it hangs. */
  silent_ms: number;
}

/** What is known of a silence so far. */
export interface Quiet {
  since_ms: number;
  /** Processor time of the group when it began. */
  cpu_ms: number;
}

/** A busy server uses more than a fiftieth of one core; a stopped or blocked one nothing. */
const working_ratio = 0.02;

/**
 * The silence after one more question; undefined when there is none. A server whose threads are all taken
 * by long streams does not answer either, and must not be ended for it: processor time proves that it works.
 */
export function silenceAfter(
  before: Quiet | undefined,
  now: { answered: boolean; at_ms: number; cpu_ms: number },
): Quiet | undefined {
  if (now.answered) return undefined;
  const fresh = { since_ms: now.at_ms, cpu_ms: now.cpu_ms };
  if (before === undefined) return fresh;
  const works = now.cpu_ms - before.cpu_ms > (now.at_ms - before.since_ms) * working_ratio;
  return works ? fresh : before;
}

export interface Watched {
  driver: Pick<RuntimeDriver, "ready">;
  port: number;
  pids(): readonly number[];
}

/** Resolves with true when the runtime hangs, with false when SIGNAL aborts first. Does not reject. */
export async function hangs(
  { driver, port, pids }: Watched,
  times: StallTimes,
  signal: AbortSignal,
): Promise<boolean> {
  let silence: Quiet | undefined;
  while (!signal.aborted) {
    await setTimeout(times.every_ms, undefined, { signal }).catch(() => undefined);
    const patience = AbortSignal.any([signal, AbortSignal.timeout(times.answer_ms)]);
    const answered = await driver.ready(port, patience).catch(() => false);
    if (signal.aborted) break;
    const now = { answered, at_ms: performance.now(), cpu_ms: cpuOf(pids()) };
    silence = silenceAfter(silence, now);
    if (silence && now.at_ms - silence.since_ms >= times.silent_ms) return true;
  }
  return false;
}

/** proc_pid_stat(5) counts in ticks of 10 ms (USER_HZ is 100 on every Linux that Bun runs on). */
const tick_ms = 10;

/** Processor time that these processes have used, in user and in kernel mode. */
function cpuOf(pids: readonly number[]): number {
  return pids.reduce((total, pid) => total + cpuMs(statOf(pid)), 0);
}

/** STAT: a line of proc_pid_stat(5); utime and stime are its fields 14 and 15. */
export function cpuMs(stat: string): number {
  const fields = stat.slice(stat.lastIndexOf(")") + 2).split(" ");
  const ticks = Number(fields[11] ?? 0) + Number(fields[12] ?? 0);
  return Number.isFinite(ticks) ? ticks * tick_ms : 0;
}

function statOf(pid: number): string {
  try {
    return readFileSync(`/proc/${pid}/stat`, "latin1");
  } catch {
    return "";
  }
}
