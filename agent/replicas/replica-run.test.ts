import { afterEach, beforeEach, expect, setDefaultTimeout, test } from "bun:test";
import { mkdtempSync, readdirSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fenced } from "../gpu-admission/gpu-admission.testbed.ts";
import { handlesIn } from "../process/handle.ts";
import { stopGroup } from "../process/stop.ts";
import type { Death, RuntimeDriver } from "../runtimes/runtime.ts";
import type { Weights } from "../weights/weights.ts";
import type { ReplicaEvent } from "./replica.ts";
import { runReplica } from "./replica-run.ts";
import type { Order, RunEnd } from "./run.ts";
import { SleepIntent } from "./sleep-intent.ts";
import { StartError } from "./start-error.ts";

// Two busy cores can make a llama-server take seconds to start.
setDefaultTimeout(30_000);

let home = "";
beforeEach(() => {
  home = mkdtempSync(join(tmpdir(), "hypervize-run-"));
});
afterEach(async () => {
  const { handles } = await handlesIn(join(home, "replicas")).readAll();
  for (const { process } of handles) await stopGroup(process, { grace_ms: 0, kill_ms: 5000 });
  rmSync(home, { recursive: true });
});

const spec = {
  id: "rep_a",
  epoch: 1,
  model: "m",
  runtime: "script",
  source: "file:///dev/null",
  context_tokens: 1,
  slots: 1,
  args: [],
  devices: [],
  env: {},
  hf_token: "",
};

const local: Weights = {
  resolve: async () => ({ path: "/dev/null", bytes: 0 }),
  sources: () => [],
};

/** A runtime that is a shell script, and a driver that says what the test wants. */
function scripted(script: string, changes: Partial<RuntimeDriver> = {}): RuntimeDriver {
  return {
    reads: "gguf",
    name: "script",
    detect: async () => ({ name: "script", version: "1", path: "/bin/sh" }),
    plan: async () => ({ command: ["/bin/sh", "-c", script], env: {}, start_timeout_ms: 10_000 }),
    ready: async () => true,
    probe: async () => undefined,
    inFlight: async () => 0,
    classify: ({ exit }) => new StartError("runtime_crash", `exit ${exit.code}`, true),
    ...changes,
  };
}

interface Started {
  order: (order: Order) => void;
  end: Promise<RunEnd>;
  events: ReplicaEvent["kind"][];
  until(kind: ReplicaEvent["kind"]): Promise<void>;
}

function run(
  driver: RuntimeDriver,
  recordEpoch = async () => undefined,
  changes: { env?: Record<string, string>; weights?: Weights } = {},
): Started {
  const events: ReplicaEvent["kind"][] = [];
  const listeners = new Set<() => void>();
  const order = new AbortController();
  const tell = ({ kind }: ReplicaEvent) => {
    events.push(kind);
    for (const listener of listeners) listener();
  };
  const end = runReplica(
    {
      spec: { ...spec, env: changes.env ?? {} },
      restarts: 0,
      adopted: undefined,
      tell,
      recordEpoch,
      order: order.signal,
      sleep_intent: new SleepIntent(),
    },
    {
      drivers: [driver],
      weights: changes.weights ?? local,
      handles: handlesIn(join(home, "replicas")),
      ...fenced(handlesIn(join(home, "replicas"))),
      host: { memory_bytes: 1, gpu_count: 0 },
      env: { PATH: process.env["PATH"] ?? "", TZ: "UTC" },
      log_folder: join(home, "logs"),
      stop_times: { grace_ms: 2000, kill_ms: 2000 },
      stall_times: { every_ms: 1000, answer_ms: 1000, silent_ms: 60_000 },
      drain_ms: 60_000,
      now: Date.now,
      log: () => undefined,
    },
  );
  return {
    order: (reason) => order.abort(reason),
    end,
    events,
    async until(kind) {
      while (!events.includes(kind)) await new Promise<void>((settle) => listeners.add(settle));
    },
  };
}

test("a life that is ordered to end tells how far it is, and leaves no handle", async () => {
  const { order, end, events, until } = run(scripted("sleep 60"));
  await until("ready");
  expect(readdirSync(join(home, "replicas"))).toEqual(["rep_a.json"]);
  order("now");
  expect(await end).toBe("done");
  expect(events).toEqual(["spawned", "warming", "ready"]);
  expect(readdirSync(join(home, "replicas"))).toEqual([]);
});

test("a runtime has the variables of its endpoint over the agent's, and the driver's over both", async () => {
  const script = 'echo "$TZ $LANG $CUDA_VISIBLE_DEVICES"; exit 1';
  const tails: (readonly string[])[] = [];
  const driver = scripted(script, {
    plan: async () => ({
      command: ["/bin/sh", "-c", script],
      env: { CUDA_VISIBLE_DEVICES: "GPU-1" },
      start_timeout_ms: 10_000,
    }),
    ready: async () => false,
    classify: ({ log_tail }) => {
      tails.push(log_tail);
      return new StartError("runtime_crash", "x");
    },
  });
  await run(driver, undefined, { env: { TZ: "CET", LANG: "C" } }).end;
  expect(tails).toEqual([["CET C GPU-1"]]);
});

test.each(["LD_PRELOAD", "PATH", "LLAMA_ARG_HOST", "HF_TOKEN", "CUDA_VISIBLE_DEVICES"])(
  "the variable %s is refused before anything is fetched",
  async (name) => {
    const { end, events } = run(scripted("sleep 60"), undefined, { env: { [name]: "x" } });
    expect(await end).toMatchObject({ failure_class: "config", retry: false });
    expect(events).toEqual([]);
  },
);

test("an order ends the wait for weights", async () => {
  const weights: Weights = {
    ...local,
    resolve: ({ signal }) =>
      new Promise((_, fail) => signal.addEventListener("abort", () => fail(signal.reason))),
  };
  const { order, end, events } = run(scripted("sleep 60"), undefined, { weights });
  order("drain");
  expect(await end).toBe("done");
  expect(events).toEqual([]);
});

test("an ordered end waits for requests in flight, an end at once does not", async () => {
  let inFlight = 2;
  const busy = scripted("sleep 60", { inFlight: async () => inFlight-- });
  const patient = run(busy);
  await patient.until("ready");
  patient.order("drain");
  expect(await patient.end).toBe("done");
  expect(inFlight).toBe(-1);
  inFlight = 2;
  const hasty = run(busy);
  await hasty.until("ready");
  hasty.order("now");
  await hasty.end;
  expect(inFlight).toBe(2);
});

test("a runtime that is left is alive and has its handle", async () => {
  const { order, end, until } = run(scripted("sleep 60"));
  await until("ready");
  order("leave");
  expect(await end).toBe("done");
  const { handles } = await handlesIn(join(home, "replicas")).readAll();
  expect(handles).toMatchObject([{ spec: spec, restarts: 0 }]);
  expect(handles[0]?.ready_after_ms).toBeGreaterThan(0);
});

test("a start that takes too long is ended and counts as a timeout", async () => {
  const slow = scripted("sleep 60", {
    plan: async () => ({ command: ["/bin/sleep", "60"], env: {}, start_timeout_ms: 150 }),
    ready: async () => false,
  });
  const { end, events } = run(slow);
  expect(await end).toMatchObject({ failure_class: "timeout", retry: true });
  expect(events).toEqual(["spawned"]);
  expect(readdirSync(join(home, "replicas"))).toEqual([]);
});

test("a runtime that is healthy and cannot make a token is ended", async () => {
  const mute = scripted("sleep 60", {
    probe: async () => {
      throw new Error("It answered HTTP 500.");
    },
  });
  expect(await run(mute).end).toMatchObject({
    failure_class: "runtime_crash",
    message: "It answered HTTP 500.",
    retry: true,
  });
  expect(readdirSync(join(home, "replicas"))).toEqual([]);
});

test("a taken port is tried again with another, three times", async () => {
  const ports = new Set<number>();
  const unlucky = scripted("", {
    plan: async ({ port }) => {
      ports.add(port);
      return { command: ["/bin/sh", "-c", "exit 1"], env: {}, start_timeout_ms: 10_000 };
    },
    ready: async () => false,
    classify: () => "port_taken",
  });
  expect(await run(unlucky).end).toMatchObject({ failure_class: "runtime_crash", retry: true });
  expect(ports.size).toBe(3);
});

test("a crash is judged by its exit, its own log, and whether it had served", async () => {
  const deaths: Death[] = [];
  const dying = (script: string, ready: boolean) =>
    scripted(script, {
      ready: async () => ready,
      classify: (death) => {
        deaths.push(death);
        return new StartError("runtime_crash", "x", true);
      },
    });
  await run(dying("echo first; exit 4", false)).end;
  await run(dying("echo second; sleep 0.3; exit 5", true)).end;
  expect(deaths).toMatchObject([
    { exit: { code: 4 }, log_tail: ["first"], was_ready: false },
    { exit: { code: 5 }, log_tail: ["second"], was_ready: true },
  ]);
});

test.each([
  ["ENOSPC", "disk_full"],
  ["EIO", "runtime_crash"],
])("when the epoch cannot be recorded (%s) nothing is started", async (code, failure_class) => {
  const { end, events } = run(scripted("sleep 60"), async () => {
    throw Object.assign(new Error("write failed"), { code });
  });
  expect(await end).toMatchObject({ failure_class, retry: true });
  expect(events).toEqual([]);
});
