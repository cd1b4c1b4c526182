import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { Handle, Handles } from "../process/handle.ts";
import { handlesIn } from "../process/handle.ts";
import { stopGroup } from "../process/stop.ts";
import type { ReplicaEvent } from "../replicas/replica.ts";
import { runReplica } from "../replicas/replica-run.ts";
import type { Order, RunEnd } from "../replicas/run.ts";
import { SleepIntent } from "../replicas/sleep-intent.ts";
import { StartError } from "../replicas/start-error.ts";
import { FakeGpus } from "./fake-gpus.testbed.ts";
import { type Fenced, fenced } from "./gpu-admission.testbed.ts";
import { endAll, processTreeOf } from "./process-tree.ts";

export const gib_bytes = 2 ** 30;

export interface Wanted {
  id: string;
  devices: string[];
  weights_bytes?: number;
  /** A shell script; $LEDGER is the file of its first GPU. */
  script: string;
  /** Whether it says that it has loaded. */
  ready?: () => boolean;
  adopted?: Handle;
  /** How long it may be silent before it counts as hanging; a minute without it. */
  silent_ms?: number;
}

export interface OpenRun {
  events: ReplicaEvent[];
  order(order: Order): void;
  end: Promise<RunEnd>;
  until(kind: ReplicaEvent["kind"]): Promise<void>;
}

/** Runs of real processes on GPUs that are two files. */
export class FencedRuns {
  readonly gpus = new FakeGpus(["GPU-0", "GPU-1"], 80 * gib_bytes);
  readonly home = mkdtempSync(join(tmpdir(), "hypervize-fence-"));
  readonly handles: Handles = handlesIn(join(this.home, "replicas"));
  fenced: Fenced = fenced(this.handles, this.gpus);

  /** Another agent on the same host: it knows what is on the disk. */
  restart(): void {
    const { epochs } = this.fenced;
    this.fenced = fenced(this.handles, this.gpus);
    for (const [id, epoch] of epochs) this.fenced.epochs.set(id, epoch);
  }

  run({
    id,
    devices,
    weights_bytes = gib_bytes,
    script,
    ready = () => true,
    ...wanted
  }: Wanted): OpenRun {
    const order = new AbortController();
    const events: ReplicaEvent[] = [];
    const listeners = new Set<() => void>();
    const end = runReplica(
      {
        spec: {
          id,
          epoch: 1,
          model: "m",
          runtime: "script",
          source: "file:///dev/null",
          context_tokens: 1,
          slots: 1,
          args: [],
          devices,
          env: {},
          hf_token: "",
        },
        restarts: 0,
        adopted: wanted.adopted,
        order: order.signal,
        sleep_intent: new SleepIntent(),
        tell(event) {
          events.push(event);
          for (const listener of listeners) listener();
        },
        recordEpoch: async () => void this.fenced.epochs.set(id, 1),
      },
      {
        drivers: [
          {
            name: "script",
            reads: "gguf",
            detect: async () => undefined,
            plan: async () => ({
              command: ["/bin/sh", "-c", script],
              env: { LEDGER: this.gpus.ledger(devices[0] ?? "") },
              start_timeout_ms: 20_000,
            }),
            ready: async () => ready(),
            probe: async () => undefined,
            inFlight: async () => 0,
            classify: ({ exit }) => new StartError("runtime_crash", `exit ${exit.code}`, true),
          },
        ],
        weights: {
          resolve: async () => ({ path: "/dev/null", bytes: weights_bytes }),
          sources: () => [],
        },
        handles: this.handles,
        ...this.fenced,
        host: { memory_bytes: 1, gpu_count: 2 },
        env: { PATH: process.env["PATH"] ?? "" },
        log_folder: join(this.home, "logs"),
        stop_times: { grace_ms: 1000, kill_ms: 5000 },
        stall_times: { every_ms: 50, answer_ms: 1000, silent_ms: wanted.silent_ms ?? 60_000 },
        drain_ms: 1000,
        now: Date.now,
        log: (line) => this.fenced.lines.push(line),
      },
    );
    return {
      events,
      end,
      order: (reason) => order.abort(reason),
      async until(kind) {
        let ended: RunEnd | undefined;
        void end.then((how) => {
          ended = how;
          for (const listener of listeners) listener();
        });
        while (!events.some((event) => event.kind === kind)) {
          if (ended !== undefined) throw new Error(`it ended: ${ended}`);
          await new Promise<void>((settle) => listeners.add(settle));
        }
      },
    };
  }

  async end(): Promise<void> {
    for (const handle of (await this.handles.readAll()).handles) {
      const family = await processTreeOf(handle);
      await stopGroup(handle.process, { grace_ms: 0, kill_ms: 5000 });
      await endAll(family, { grace_ms: 0, kill_ms: 5000 });
    }
    this.gpus.end();
    rmSync(this.home, { recursive: true });
  }
}

/** The file's lines "PID BYTES". */
export async function pidsIn(ledger: string): Promise<number[]> {
  const text = await Bun.file(ledger).text();
  return text
    .split("\n")
    .filter((line) => line !== "")
    .map((line) => Number(line.split(" ")[0]));
}

/** Polls; the deadline is an error. */
export async function eventually(what: string, probe: () => Promise<boolean> | boolean) {
  const deadline = performance.now() + 10_000;
  while (!(await probe())) {
    if (performance.now() > deadline) throw new Error(`not in time: ${what}`);
    await Bun.sleep(10);
  }
}
