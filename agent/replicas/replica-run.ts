import type { DesiredReplica } from "../contract/protocol/messages.ts";
import { refusedVariable } from "../contract/protocol/runtime-settings.ts";
import { errorCode } from "../files/durable-file.ts";
import type { GpuLease } from "../gpu-admission/device-leases.ts";
import { freePort } from "../process/free-port.ts";
import type { Handle } from "../process/handle.ts";
import { logPath } from "../process/log.ts";
import { memoryKills } from "../process/memory-kills.ts";
import { supervise, watchAdopted } from "../process/supervise.ts";
import type { RuntimeDriver } from "../runtimes/runtime.ts";
import type { WeightsFound } from "../weights/weights.ts";
import type { Download } from "./replica.ts";
import { follow, type Running } from "./replica-life.ts";
import type { Run, RunEnd, RunTools } from "./run.ts";
import { StartError } from "./start-error.ts";

const port_attempts = 3;
const adopted_poll_ms = 500;

/** One life of a replica's process, from weights to the proof that its whole group is gone. */
export async function runReplica(run: Run, tools: RunTools): Promise<RunEnd> {
  try {
    for (let attempt = 1; attempt <= port_attempts; attempt++) {
      const running = run.adopted ? adopt(run.adopted, run, tools) : await start(run, tools);
      if (running === "done") return "done";
      const end = await follow(running, run, tools).finally(() => running.turn.over());
      if (end !== "port_taken") return end;
    }
  } catch (error) {
    // An order ends a download by an error.
    return run.order.aborted ? "done" : asRefusal(error);
  }
  return new StartError(
    "runtime_crash",
    `Other programs took its port ${port_attempts} times. Look for one that binds many ports.`,
    true,
  );
}

async function start(run: Run, tools: RunTools): Promise<Running | "done"> {
  const { spec, order } = run;
  const driver = driverOf(spec, tools.drivers);
  const refused = refusedVariable(spec.env);
  if (refused !== undefined) throw new StartError("config", refused);
  const { source, hf_token, s3 = null } = spec;
  const tell = (download: Download) => run.tell({ kind: "downloading", download });
  const weights = await tools.weights.resolve({
    source,
    hf_token,
    s3,
    signal: order,
    tell,
    format: driver.reads,
  });
  const turn = await tools.fence.enter({ spec, needed_bytes: neededBytes(spec, weights) }, order);
  try {
    return await launch(run, tools, { driver, weights, turn });
  } catch (error) {
    turn.over();
    throw error;
  }
}

interface Prepared {
  driver: RuntimeDriver;
  weights: WeightsFound;
  turn: GpuLease;
}

async function launch(
  { spec, restarts, order, tell, recordEpoch }: Run,
  tools: RunTools,
  { driver, weights, turn }: Prepared,
): Promise<Running | "done"> {
  const port = await freePort();
  const { command, env, start_timeout_ms } = await driver.plan({
    spec: { ...spec, hf_token: "", s3: null },
    weights_path: weights.path,
    weights_bytes: weights.bytes,
    port,
    host: tools.host,
  });
  await recordEpoch();
  if (order.aborted) {
    turn.over();
    return "done";
  }
  const started_at_ms = tools.now();
  const about = { spec, port, started_at_ms, start_timeout_ms, ready_after_ms: 0, restarts };
  const memory_kills = memoryKills();
  const { identity, exited } = await supervise(
    {
      command,
      env: { ...tools.env, ...spec.env, ...env, ...tools.fence.mark(spec) },
      log_path: logPath(tools, spec.id),
    },
    (process) => tools.handles.write({ ...about, process }),
  );
  tell({ kind: "spawned", pid: identity.pid, port, at_ms: started_at_ms });
  return { driver, handle: { ...about, process: identity }, exited, memory_kills, turn };
}

/** Its weights at least must lie on its GPUs; where it may take any part of them, nothing is known. */
function neededBytes({ devices }: DesiredReplica, weights: WeightsFound): number {
  const gpus = devices.filter((device) => device !== "cpu").length;
  return gpus === 0 ? 0 : Math.ceil(weights.bytes / gpus);
}

function adopt(handle: Handle, run: Run, tools: RunTools): Running {
  const driver = driverOf(handle.spec, tools.drivers);
  const { process, port, started_at_ms } = handle;
  run.tell({ kind: "spawned", pid: process.pid, port, at_ms: started_at_ms });
  const exited = watchAdopted(process, adopted_poll_ms, run.order);
  const turn = tools.fence.hold(handle.spec);
  if (handle.ready_after_ms > 0) turn.over();
  return { driver, handle, exited, memory_kills: memoryKills(), turn };
}

function driverOf(spec: DesiredReplica, drivers: readonly RuntimeDriver[]): RuntimeDriver {
  const driver = drivers.find(({ name }) => name === spec.runtime);
  if (driver !== undefined) return driver;
  const names = drivers.map(({ name }) => name).join(", ");
  throw new StartError(
    "config",
    `This agent does not know the runtime ${spec.runtime}. Use ${names}.`,
  );
}

function asRefusal(error: unknown): StartError {
  if (error instanceof StartError) return error;
  const message = error instanceof Error ? error.message : String(error);
  if (errorCode(error) === "ENOSPC") {
    return new StartError(
      "disk_full",
      "The disk of the agent's home is full. Free some space.",
      true,
    );
  }
  return new StartError("runtime_crash", `It could not be started: ${message}`, true);
}
