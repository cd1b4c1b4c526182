/**
 * How a runtime falls asleep in place and wakes. What engines say of it is not believed: the GPUs' memory is looked at
 * after the sleep, since some keep it (vllm#47654), and a fixed text is recited before and after, since some wake with
 * damaged weights and go on answering 200 (torch_memory_saver#71).
 */
import { setTimeout } from "node:timers/promises";
import type { GpuLease } from "../gpu-admission/device-leases.ts";
import type { GpuAdmission } from "../gpu-admission/gpu-admission.ts";
import { gib } from "../gpu-admission/gpu-use.ts";
import { readMemory } from "../hardware/load.ts";
import type { Handle, SleepRecord } from "../process/handle.ts";
import type { SleepControl } from "../runtimes/runtime.ts";
import { StartError } from "./start-error.ts";

export interface SleepDeps {
  fence: Pick<GpuAdmission, "held" | "enter">;
  /** How long requests in flight may go on. */
  drain_ms: number;
}

export interface SuspendableReplica {
  control: SleepControl;
  handle: Pick<Handle, "spec" | "process" | "port">;
}

/** So long nothing must be in flight: a request that the gateway has sent may still be on its way. */
const quiet_ms = 1000;
const poll_ms = 100;
/** The host's memory is taken and locked page by page, which takes longer than the copy. */
const sleep_ms = 10 * 60_000;
const wake_ms = 5 * 60_000;
/** How long the driver may show memory that was given back. */
const free_ms = 10_000;

/** Waits until nothing is in flight, and has it probeText. Throws a Refusal; the runtime is awake and unharmed then. */
export async function drainAndSuspend(
  { control, handle }: SuspendableReplica,
  { fence, drain_ms }: SleepDeps,
  asleep_bytes: number,
  interrupt: AbortSignal,
): Promise<SleepRecord> {
  const { memory_bytes, memory_used_bytes } = readMemory();
  const free = memory_bytes - memory_used_bytes;
  if (free < asleep_bytes) {
    throw refusal(
      `its weights need ${gib(asleep_bytes)} of the host's memory, and ${gib(free)} are free`,
    );
  }
  await untilQuiet(
    control,
    handle.port,
    AbortSignal.any([interrupt, AbortSignal.timeout(drain_ms)]),
  );
  const signal = AbortSignal.any([interrupt, AbortSignal.timeout(drain_ms)]);
  const recital = await control.probeText(handle.port, handle.spec.model, signal);
  const held_bytes = await fence.held(handle);
  if (held_bytes === 0) throw refusal("the driver does not say how much GPU memory it holds");
  return { held_bytes, left_bytes: held_bytes, recital };
}

/** Resolves with what it still holds of the GPU that it holds most of. Throws a Refusal: it is to be ended then. */
export async function suspend(
  { control, handle }: SuspendableReplica,
  { fence }: SleepDeps,
  { held_bytes }: SleepRecord,
  interrupt: AbortSignal,
): Promise<number> {
  const signal = AbortSignal.any([interrupt, AbortSignal.timeout(sleep_ms)]);
  await control.sleep(handle.port, signal);
  const until = performance.now() + free_ms;
  for (let before = held_bytes; ; ) {
    const now = await fence.held(handle);
    // The driver gives it back piece by piece.
    if (hasGivenBack(held_bytes, now) && now >= before) return now;
    if (performance.now() > until && now >= before) {
      throw refusal(`it holds ${gib(now)} of ${gib(held_bytes)} of the GPU after it`);
    }
    before = now;
    await setTimeout(poll_ms, undefined, { signal });
  }
}

/** What stays is the context, the graphs and what other libraries took: a tenth or two. Pure. */
const hasGivenBack = (held_bytes: number, now: number): boolean => now <= held_bytes / 2;

/** Takes the turn of its GPUs and wakes it. The turn is the caller's to end. Throws a Refusal as `Fence.enter`. */
export async function resume(
  { control, handle }: SuspendableReplica,
  { fence }: SleepDeps,
  { held_bytes, left_bytes }: SleepRecord,
  interrupt: AbortSignal,
): Promise<GpuLease> {
  const needed_bytes = held_bytes - left_bytes;
  const turn = await fence.enter({ spec: handle.spec, needed_bytes }, interrupt);
  try {
    await control.wake(handle.port, AbortSignal.any([interrupt, AbortSignal.timeout(wake_ms)]));
    return turn;
  } catch (error) {
    turn.over();
    throw error;
  }
}

/** Throws a Refusal when it has not come back as it was. */
export async function verify(
  { control, handle }: SuspendableReplica,
  { recital }: SleepRecord,
  interrupt: AbortSignal,
): Promise<void> {
  const signal = AbortSignal.any([interrupt, AbortSignal.timeout(wake_ms)]);
  const now = await control.probeText(handle.port, handle.spec.model, signal);
  if (now === recital) return;
  throw new StartError(
    "runtime_crash",
    "After its sleep it continued a fixed text differently than before, so the sleep damaged its weights. It starts again from the disk. Set l1_timeout_s to 0 if this happens again.",
    true,
  );
}

async function untilQuiet(control: SleepControl, port: number, signal: AbortSignal): Promise<void> {
  let quiet_since: number | undefined;
  while (!signal.aborted) {
    const idle = await control.idle(port, signal).catch(() => false);
    const now = performance.now();
    if (!idle) quiet_since = undefined;
    else quiet_since ??= now;
    if (quiet_since !== undefined && now - quiet_since >= quiet_ms) return;
    await setTimeout(poll_ms, undefined, { signal }).catch(() => undefined);
  }
  throw refusal("it still worked on requests");
}

const refusal = (why: string): StartError =>
  new StartError("runtime_crash", `It could not sleep in place and was stopped: ${why}.`, true);
