/** The life of a replica's process: it becomes ready, serves, sleeps in place and wakes, and ends. */
import { listenerOn } from "../contract/listener.ts";
import type { GpuLease } from "../gpu-admission/device-leases.ts";
import type { Handle, SleepRecord } from "../process/handle.ts";
import { logPath, logTail } from "../process/log.ts";
import { memoryKills } from "../process/memory-kills.ts";
import { stopGroup } from "../process/stop.ts";
import type { Exit } from "../process/supervise.ts";
import type { RuntimeDriver } from "../runtimes/runtime.ts";
import { becomeReady, drained } from "./readiness.ts";
import type { Run, RunEnd, RunTools } from "./run.ts";
import {
  drainAndSuspend,
  resume,
  type SuspendableReplica,
  suspend,
  verify,
} from "./sleep-control.ts";
import { StartError } from "./start-error.ts";
import { superviseServing } from "./watchdog.ts";

/** A process that exists. */
export interface Running {
  driver: RuntimeDriver;
  handle: Omit<Handle, "version">;
  exited: Promise<Exit>;
  memory_kills: number;
  /** Of its GPUs, until it has loaded. */
  turn: GpuLease;
}

type End = Exit | "ordered" | StartError;

/** A run that is followed, and what interrupts whatever is waited for in it. */
interface Life {
  running: Running;
  run: Run;
  tools: RunTools;
  /** Aborts with its end. */
  over: AbortSignal;
  exited: Promise<Exit | "ordered">;
  was_ready: boolean;
  /** Serving at its end: then its requests are let end. */
  serves: boolean;
}

/** From a process that exists to its end, on its own or by order. */
export async function follow(
  running: Running,
  run: Run,
  tools: RunTools,
): Promise<RunEnd | "port_taken"> {
  const { driver, handle } = running;
  const { signal: over, exited } = interruptions(running.exited, run.order);
  const life: Life = { running, run, tools, over, exited, was_ready: false, serves: false };
  const end = await lived(life);
  if (end instanceof StartError) {
    await clear(running, tools);
    return end;
  }
  if (run.order.reason === "leave") return "done";
  if (run.order.reason === "drain" && life.serves) {
    await drained(driver, handle.port, tools.drain_ms);
  }
  await clear(running, tools);
  if (end === "ordered" || run.order.aborted) return "done";
  const out_of_memory_kills = memoryKills() > running.memory_kills;
  const log_tail = logTail(logPath(tools, run.spec.id));
  return driver.classify({ exit: end, log_tail, was_ready: life.was_ready, out_of_memory_kills });
}

/** Awake and asleep by turns, as it is ordered. */
async function lived(life: Life): Promise<End> {
  let record = life.running.handle.asleep;
  for (;;) {
    if (record !== undefined) {
      const ended = await slept(life, record);
      if (ended !== "woken") return ended;
    }
    const served = await awake(life, record);
    if (!isSleepRecord(served)) return served;
    record = served;
  }
}

/** From loaded to its end or, with the sleep that has begun, until it is to sleep. RECORD: it has just been woken of it. */
async function awake(life: Life, record: SleepRecord | undefined): Promise<End | SleepRecord> {
  const { running, run, tools, over, exited } = life;
  const { driver, handle } = running;
  const readiness = await becomeReady(
    driver,
    {
      port: handle.port,
      model: handle.spec.model,
      timeout_ms: handle.start_timeout_ms,
      adopted: run.adopted !== undefined && record === undefined,
      warming: () => run.tell({ kind: "warming" }),
    },
    over,
  );
  if (readiness instanceof StartError) return readiness;
  if (record && readiness === "ready") {
    const flaw = await attempt(life, (sleeper) => verify(sleeper, record, over));
    if (flaw.end !== undefined) return flaw.end;
  }
  running.turn.over();
  if (readiness !== "ready") return exited;
  await announce(life);
  life.serves = true;
  const tired = run.sleep_intent.until(true, over).then(() => "tired" as const);
  const leaving = Promise.race([exited, tired]);
  const end = await superviseServing(
    { driver, handle: running.handle, exited: leaving, tell: run.tell },
    tools,
  );
  if (end !== "tired") return end;
  return over.aborted ? exited : suspended(life);
}

/** Closes its gate and waits until it is quiet. */
async function suspended(life: Life): Promise<End | SleepRecord> {
  const { running, run, tools, over } = life;
  run.tell({ kind: "falling_asleep" });
  const record = await attempt(life, async (sleeper) => {
    const before = await drainAndSuspend(sleeper, tools, run.sleep_intent.asleep_bytes, over);
    // Before it is so: an agent that comes after this one must not ask a sleeper for tokens.
    await tools.handles.write({ ...running.handle, asleep: before });
    return before;
  });
  return record.end ?? record.value;
}

/** Sends it to sleep, unless an earlier agent did; until it is woken, or its end. */
async function slept(life: Life, before: SleepRecord): Promise<"woken" | End> {
  const { running, run, tools, over, exited } = life;
  life.was_ready = true;
  life.serves = false;
  if (isProved(before)) run.tell({ kind: "asleep", gpu_memory_bytes: before.left_bytes });
  else run.tell({ kind: "falling_asleep" });
  const fallen = await attempt(life, async (sleeper) => {
    if (isProved(before)) return before;
    const left_bytes = await suspend(sleeper, tools, before, over);
    const record = { ...before, left_bytes };
    await tools.handles.write({ ...running.handle, asleep: record });
    run.tell({ kind: "asleep", gpu_memory_bytes: left_bytes });
    return record;
  });
  if (fallen.end !== undefined) return fallen.end;
  const { value: record } = fallen;
  await Promise.race([run.sleep_intent.until(false, over), exited]);
  if (over.aborted) return exited;
  run.tell({ kind: "waking" });
  const risen = await attempt(life, (sleeper) => resume(sleeper, tools, record, over));
  if (risen.end !== undefined) return risen.end;
  running.turn = risen.value;
  return "woken";
}

const end_ms = 1000;

/** The agent that sent it to sleep may have ended before it saw its memory free. */
const isProved = ({ held_bytes, left_bytes }: SleepRecord): boolean => left_bytes < held_bytes;

type Attempt<Value> = { value: Value; end?: never } | { end: End };

/** What STEP gives, or how the life ends that it is a step of. */
async function attempt<Value>(
  { running: { driver, handle }, over, exited }: Life,
  step: (sleeper: SuspendableReplica) => Promise<Value>,
): Promise<Attempt<Value>> {
  const { sleeping: control } = driver;
  if (control === undefined || !handle.spec.can_sleep) {
    return { end: unable(`${driver.name} was not started so that it can`) };
  }
  try {
    return { value: await step({ control, handle }) };
  } catch (error) {
    // A broken connection is often the first sign of its end.
    await Promise.race([exited, Bun.sleep(end_ms)]);
    if (over.aborted) return { end: await exited };
    if (error instanceof StartError) return { end: error };
    return { end: unable(error instanceof Error ? error.message : String(error)) };
  }
}

const unable = (why: string): StartError =>
  new StartError("runtime_crash", `It could not sleep in place or wake: ${why}`, true);

const isSleepRecord = (end: End | SleepRecord): end is SleepRecord =>
  typeof end === "object" && "recital" in end;

/** What ends the wait for readiness, and what ends the run: the process's end or an order. */
function interruptions(
  ended: Promise<Exit>,
  order: AbortSignal,
): { signal: AbortSignal; exited: Promise<Exit | "ordered"> } {
  const interrupt = new AbortController();
  const ordered = new Promise<"ordered">((settle) => {
    if (order.aborted) settle("ordered");
    order.addEventListener("abort", () => settle("ordered"), { once: true });
  });
  const exited = Promise.race([ordered, ended]).finally(() => interrupt.abort());
  return { signal: interrupt.signal, exited };
}

async function announce(life: Life): Promise<void> {
  const { running, run, tools } = life;
  life.was_ready = true;
  const { asleep: _, ...handle } = running.handle;
  const at_ms = tools.now();
  const ready_after_ms = handle.ready_after_ms || Math.max(1, at_ms - handle.started_at_ms);
  running.handle = { ...handle, ready_after_ms };
  try {
    await tools.handles.write(running.handle);
  } catch (error) {
    // The older handle still leads to the process; only the measured time would be lost.
    tools.log(`${handle.spec.id}: ${error instanceof Error ? error.message : String(error)}`);
  }
  run.tell({ kind: "ready", ready_after_ms, at_ms, listener: listenerOn(handle.port) });
}

/** Ends what is left of it, however long the kernel takes, waits for its GPUs' memory, forgets it. */
async function clear({ handle }: Running, tools: RunTools): Promise<void> {
  const traces = await tools.fence.traces(handle);
  for (;;) {
    try {
      await stopGroup(handle.process, tools.stop_times);
      await tools.fence.clear(handle, traces);
      return await tools.handles.remove(handle.spec.id);
    } catch (error) {
      tools.log(`${handle.spec.id}: ${error instanceof Error ? error.message : String(error)}`);
      await Bun.sleep(tools.stop_times.kill_ms);
    }
  }
}
