/** A host with GPUs and an agent, as the control plane knows them: only by messages. */
import type {
  Desired,
  Observed,
  ObservedReplica,
} from "../../../../../agent/contract/protocol/messages.ts";
import type { EventQueue } from "./event-queue.ts";
import type { Random } from "./random.ts";

/** How often things go wrong on a host; all 0 in the quiet end of a story. */
export interface Misfortune {
  start_fails: number;
  crash_per_hour: number;
}

interface Process {
  observed: ObservedReplica;
  devices: readonly string[];
  bytes_per_device: number;
  /** As the control plane said last. */
  to_sleep: boolean;
  /** Grows with every change of what it does: an older timer is void. */
  life: number;
  crashes: number;
}

export interface HostParts {
  id: string;
  gpus: readonly { uuid: string; vram_bytes: number }[];
  agenda: EventQueue;
  random: Random;
  misfortune(): Misfortune;
  /** What a replica really takes: the simulated truth of what was reserved. */
  bytesOf(replica_id: string): number;
  /** The report is on its way; whether it arrives is the network's affair. */
  report(observed: Observed): void;
  violated(what: string): void;
}

const second = 1000;
/** What a sleeper keeps of each GPU. */
const residue_bytes = 2 ** 30;

export class SimulatedHost {
  readonly id: string;
  readonly #parts: HostParts;
  readonly #processes = new Map<string, Process>();
  readonly #epochs = new Map<string, number>();
  /** What the agent remembers of the control plane's words; lost when the agent dies. */
  #desired: Desired | null = null;
  agent_runs = true;

  constructor(parts: HostParts) {
    this.id = parts.id;
    this.#parts = parts;
  }

  get running(): readonly string[] {
    return [...this.#processes.keys()];
  }

  observed(): Observed {
    return {
      generation: this.#desired?.generation ?? 0,
      replicas: [...this.#processes.values()].map(({ observed }) => observed),
      sources: [],
    };
  }

  /** A desired set has arrived. Older ones of the same stream never do: gRPC keeps the order. */
  desire(desired: Desired): void {
    if (!this.agent_runs) return;
    this.#desired = desired;
    this.#settle();
    this.#parts.report(this.observed());
  }

  /** kill -9 of the agent: processes go on, and the next agent finds them. */
  restartAgent(): void {
    this.#desired = null;
  }

  /** A power cut: nothing runs any more. */
  reboot(): void {
    this.#processes.clear();
    this.#desired = null;
  }

  #settle(): void {
    if (!this.#desired) return;
    const wanted = new Map(this.#desired.replicas.map((replica) => [replica.id, replica]));
    for (const [id, process] of this.#processes) {
      if (!wanted.has(id)) this.#stop(id, process);
    }
    for (const replica of wanted.values()) {
      const to_sleep = (replica.asleep_bytes ?? 0) > 0;
      const process = this.#processes.get(replica.id);
      if (process) {
        process.to_sleep = to_sleep;
        this.#sleepOrWake(replica.id, process);
      }
      if (process || to_sleep) continue;
      if (replica.epoch < (this.#epochs.get(replica.id) ?? 0)) continue;
      this.#epochs.set(replica.id, replica.epoch);
      this.#begin(replica.id, replica.epoch, replica.devices, 0, 0);
    }
  }

  #begin(id: string, epoch: number, devices: readonly string[], restarts: number, crashes: number) {
    const { agenda, random } = this.#parts;
    const process: Process = {
      observed: observedOf(id, epoch, restarts),
      devices,
      bytes_per_device: this.#parts.bytesOf(id),
      life: 0,
      crashes,
      to_sleep: false,
    };
    this.#processes.set(id, process);
    this.#checkMemory(id);
    const download_ms = random.chance(0.5) ? 0 : random.between(1, 600) * second;
    const load_ms = random.between(2, 120) * second;
    this.#later(id, process, download_ms + load_ms, () => {
      if (random.chance(this.#parts.misfortune().start_fails)) this.#fall(id, process);
      else this.#rise(id, process, agenda.now);
      this.#sleepOrWake(id, process);
    });
  }

  #rise(id: string, process: Process, at: number): void {
    this.#become(process, { state: "ready", phase: "", port: 1, ready_after_ms: at });
    const per_hour = this.#parts.misfortune().crash_per_hour;
    if (per_hour > 0) {
      const life_ms = (-Math.log(1 - this.#parts.random.next()) / per_hour) * 3600 * second;
      this.#later(id, process, life_ms, () => this.#fall(id, process));
    }
  }

  /** Into sleep in place or out of it, when it is ready for that. */
  #sleepOrWake(id: string, process: Process): void {
    const { random } = this.#parts;
    if (process.to_sleep && process.observed.state === "ready") {
      this.#become(process, { state: "falling_asleep" });
      this.#later(id, process, random.between(1, 60) * second, () => {
        if (random.chance(this.#parts.misfortune().start_fails)) return this.#fall(id, process);
        process.bytes_per_device = residue_bytes;
        this.#become(process, { state: "asleep", gpu_memory_bytes: residue_bytes });
        this.#sleepOrWake(id, process);
      });
    } else if (!process.to_sleep && process.observed.state === "asleep") {
      process.bytes_per_device = this.#parts.bytesOf(id);
      this.#checkMemory(id);
      this.#become(process, { state: "starting", phase: "waking" });
      this.#later(id, process, random.between(0.5, 10) * second, () => {
        if (random.chance(this.#parts.misfortune().start_fails)) return this.#fall(id, process);
        this.#rise(id, process, this.#parts.agenda.now);
        this.#sleepOrWake(id, process);
      });
    }
  }

  /** Crashed, to be started again after a pause; or, now and then, given up. */
  #fall(id: string, process: Process): void {
    const { random } = this.#parts;
    const failed = random.chance(0.2);
    process.crashes += 1;
    const cause = failed ? "config" : "runtime_crash";
    this.#become(process, {
      state: failed ? "failed" : "crashed",
      phase: "",
      cause,
      detail: "It fell.",
    });
    process.bytes_per_device = 0;
    if (failed) return;
    this.#later(id, process, Math.min(60, 2 ** process.crashes) * second, () => {
      if (process.to_sleep) return;
      const { epoch, restarts } = process.observed;
      this.#begin(id, epoch, process.devices, restarts + 1, process.crashes);
      this.#parts.report(this.observed());
    });
  }

  #stop(id: string, process: Process): void {
    const { state } = process.observed;
    if (state === "stopping") return;
    if (state === "crashed" || state === "failed") {
      this.#processes.delete(id);
      return;
    }
    this.#become(process, { state: "stopping", phase: "" });
    this.#later(id, process, this.#parts.random.between(0.2, 40) * second, () => {
      this.#processes.delete(id);
      this.#settle();
      this.#parts.report(this.observed());
    });
  }

  #become(process: Process, changes: Partial<ObservedReplica>): void {
    process.life += 1;
    process.observed = { ...process.observed, ...changes };
    this.#parts.report(this.observed());
  }

  #later(id: string, process: Process, delay_ms: number, act: () => void): void {
    const { life } = process;
    this.#parts.agenda.after(delay_ms, () => {
      if (this.#processes.get(id) === process && process.life === life) act();
    });
  }

  /** The invariant that matters most: no memory has two owners. */
  #checkMemory(starting: string): void {
    for (const { uuid, vram_bytes } of this.#parts.gpus) {
      const users = [...this.#processes].filter(([, { devices }]) => devices.includes(uuid));
      const bytes = users.reduce((sum, [, { bytes_per_device }]) => sum + bytes_per_device, 0);
      if (bytes > vram_bytes) {
        const who = users.map(([id, { observed }]) => `${id} ${observed.state}`).join(", ");
        this.#parts.violated(`${starting} starts on ${uuid} of ${this.id}, which is full: ${who}`);
      }
    }
  }
}

function observedOf(id: string, epoch: number, restarts: number): ObservedReplica {
  return {
    id,
    epoch,
    restarts,
    state: "starting",
    phase: "loading",
    host: "127.0.0.1",
    port: 0,
    pid: 1,
    started_at_ms: 0,
    cause: "",
    detail: "",
    log_tail: [],
    ready_after_ms: 0,
    downloaded_bytes: 0,
    download_bytes: 0,
    download_bytes_per_s: 0,
    gpu_memory_bytes: 0,
    memory_bytes: 0,
  };
}
