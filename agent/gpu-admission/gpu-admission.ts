import { bootId, identify, type ProcessIdentity } from "../contract/process-identity.ts";
import type { DesiredReplica } from "../contract/protocol/messages.ts";
import { mostOnOne } from "../hardware/memory-sampler.ts";
import type { StopTimes } from "../process/stop.ts";
import { StartError } from "../replicas/start-error.ts";
import { DeviceLeases, type GpuLease } from "./device-leases.ts";
import { freeBytes, type GpuProcesses, type GpuUse, unaccountedBytes } from "./gpu-use.ts";
import { conflictOf, type GpuFootprint, leakedMemory } from "./leaked-memory.ts";
import { type Life, markOf } from "./mark.ts";
import { endAll, lifeOf, type OwnProcess, processTreeOf } from "./process-tree.ts";

/** A start that is about to be made. */
export interface Start {
  spec: Pick<DesiredReplica, "id" | "epoch" | "devices">;
  /** On each of its GPUs, at least. */
  needed_bytes: number;
}

/** A runtime with its place. */
export type RunningReplica = OwnProcess & { spec: Life & Pick<DesiredReplica, "devices"> };

export interface GpuAdmissionDeps {
  gpus: GpuProcesses;
  /** UUIDs of this host's GPUs, for replicas that may use all of them. */
  uuids(): readonly string[];
  /** Runtimes that live, as recorded. */
  residents(): Promise<readonly RunningReplica[]>;
  /** The highest epoch that was ever started here, by replica id. */
  epochs: ReadonlyMap<string, number>;
  times: GpuAdmissionTimes;
  log(line: string): void;
}

export interface GpuAdmissionTimes {
  /** How long the driver may take to say who is on a GPU. */
  look_ms: number;
  /** How long memory may take to be free after the last process has ended: seconds for 80 GB. */
  free_ms: number;
  /** Between two looks. */
  pause_ms: number;
  /** For processes that a runtime left behind. */
  orphan: StopTimes;
}

const noTurn: GpuLease = { over: () => undefined };

/**
 * Keeps two owners off one GPU: starts come one at a time, into memory that is free, and what a runtime
 * leaves behind is ended. Starts without a GPU pass at once. Processes of others are never touched.
 */
export class GpuAdmission {
  readonly #parts: GpuAdmissionDeps;
  readonly #turns = new DeviceLeases();
  /** By replica, the state of its GPUs before its start. */
  readonly #before = new Map<string, ReadonlyMap<string, number>>();
  /** By GPU, what a runtime that ended may still hold of it. */
  readonly #unproved = new Map<string, GpuFootprint>();

  constructor(parts: GpuAdmissionDeps) {
    this.#parts = parts;
  }

  /** Added to the environment of a runtime, so that all of its processes can be found again. */
  readonly mark = markOf;

  /**
   * Waits for the turn of its GPUs, then ends what earlier epochs left there. Throws a Refusal
   * `no_capacity` that names who is in the way, `driver` when nobody can say; both may succeed later.
   */
  async enter(start: Start, signal: AbortSignal): Promise<GpuLease> {
    const devices = this.#gpusOf(start.spec.devices);
    if (devices.length === 0) return noTurn;
    const turn = await this.#turns.take(devices, signal);
    try {
      await this.#makeSure(start, devices);
      return turn;
    } catch (error) {
      turn.over();
      throw error;
    }
  }

  /** The turn of a start that an earlier agent made. */
  hold({ devices }: Pick<DesiredReplica, "devices">): GpuLease {
    const gpus = this.#gpusOf(devices);
    return gpus.length === 0 ? noTurn : this.#turns.hold(gpus);
  }

  /** What a runtime holds of the GPU where it holds most; 0 where the driver does not say. Throws as `enter`. */
  async held(resident: OwnProcess): Promise<number> {
    const uses = await this.#look(this.#parts.uuids());
    const family = await processTreeOf(resident);
    return mostOnOne(uses, new Set(family.map(({ pid }) => pid)));
  }

  /** What a runtime will have left when it has ended: to be asked before, while its processes can be seen. */
  async traces(resident: RunningReplica): Promise<GpuFootprint> {
    const family = await processTreeOf(resident);
    const unaccounted_bytes = this.#before.get(resident.spec.id) ?? new Map();
    // The driver may list a leader for a moment after its end.
    const leader = isOthers(resident.process) ? [] : [resident.process];
    return { pids: new Set([...leader, ...family].map(({ pid }) => pid)), unaccounted_bytes };
  }

  /**
   * After the group of a runtime has ended: ends what left the group, and waits until its GPUs are free.
   * Does not reject. Where they are not free in time, the next start on them is refused until they are.
   */
  async clear(resident: RunningReplica, traces: GpuFootprint): Promise<void> {
    const { id } = resident.spec;
    await this.#endStrays(id, () => processTreeOf(resident));
    const devices = this.#gpusOf(resident.spec.devices);
    this.#before.delete(id);
    if (devices.length === 0) return;
    const left = await this.#leftOn(devices, traces, this.#parts.times.free_ms);
    if (left === undefined) return;
    this.#parts.log(`${id} has ended, but ${left}`);
    for (const device of devices) this.#unproved.set(device, traces);
  }

  async #makeSure({ spec, needed_bytes }: Start, devices: readonly string[]): Promise<void> {
    let uses = await this.#look(devices);
    const residents = await this.#parts.residents();
    const orphans = await this.#orphansOn(uses, residents);
    if (orphans.length > 0) {
      await this.#endStrays(spec.id, async () => orphans);
      const pids = new Set(orphans.map(({ pid }) => pid));
      const traces: GpuFootprint = { pids, unaccounted_bytes: new Map() };
      await this.#leftOn(devices, traces, this.#parts.times.free_ms);
      uses = await this.#look(devices);
    }
    this.#refuseUnproved(uses, needed_bytes);
    const families = await Promise.all(residents.map(processTreeOf));
    const ours = new Set(families.flat().map(({ pid }) => pid));
    const crowded = conflictOf(uses, needed_bytes, ours);
    if (crowded !== undefined) throw new StartError("no_capacity", crowded, true);
    this.#before.set(spec.id, unaccountedIn(uses));
  }

  /** On these GPUs, processes of epochs that this agent has started and of which no runtime lives. */
  async #orphansOn(
    uses: readonly GpuUse[],
    residents: readonly RunningReplica[],
  ): Promise<ProcessIdentity[]> {
    const living = new Set(residents.map(({ spec: { id, epoch } }) => `${id}:${epoch}`));
    const pids = new Set(uses.flatMap(({ processes }) => processes.map(({ pid }) => pid)));
    const found = [...pids].map(async (pid) => {
      const identity = identify(pid);
      const life = identity && (await lifeOf(identity));
      if (identity === undefined || life === undefined) return [];
      const started = this.#parts.epochs.get(life.id) ?? 0;
      return life.epoch <= started && !living.has(`${life.id}:${life.epoch}`) ? [identity] : [];
    });
    return (await Promise.all(found)).flat();
  }

  async #endStrays(id: string, find: () => Promise<readonly ProcessIdentity[]>): Promise<void> {
    const orphans = await find();
    if (orphans.length === 0) return;
    const pids = orphans.map(({ pid }) => pid).join(", ");
    this.#parts.log(`${id}: processes ${pids} were left behind by a runtime of ours and are ended`);
    const left = await endAll(orphans, this.#parts.times.orphan);
    for (const { pid } of left)
      this.#parts.log(`${id}: process ${pid} is still alive after SIGKILL`);
  }

  /** What is not free yet does not matter to a start that has room enough beside it. */
  #refuseUnproved(uses: readonly GpuUse[], needed_bytes: number): void {
    for (const use of uses) {
      const traces = this.#unproved.get(use.uuid);
      const left = traces && leakedMemory([use], traces);
      if (left === undefined) this.#unproved.delete(use.uuid);
      else if (freeBytes(use) < needed_bytes) {
        throw new StartError(
          "no_capacity",
          `What ran there before has not given its memory back: ${left}. If that lasts, drain the host and reset the GPU with \`nvidia-smi --gpu-reset\`.`,
          true,
        );
      }
    }
  }

  /** Undefined as soon as nothing is left; after WITHIN_MS, what is. */
  async #leftOn(
    devices: readonly string[],
    traces: GpuFootprint,
    within_ms: number,
  ): Promise<string | undefined> {
    const until = performance.now() + within_ms;
    for (;;) {
      const left = await this.#look(devices).then(
        (uses) => leakedMemory(uses, traces),
        (error: Error) => `it cannot be seen: ${error.message}`,
      );
      if (left === undefined || performance.now() >= until) return left;
      await Bun.sleep(this.#parts.times.pause_ms);
    }
  }

  /** A GPU that the driver does not list cannot be judged: the runtime will say what is wrong with it. */
  async #look(devices: readonly string[]): Promise<GpuUse[]> {
    const { gpus, times } = this.#parts;
    const seconds = Math.round(times.look_ms / 1000);
    try {
      const uses = await gpus.look(AbortSignal.timeout(times.look_ms));
      return uses.filter(({ uuid }) => devices.includes(uuid));
    } catch {
      throw new StartError(
        "driver",
        `nvidia-smi did not say within ${seconds} s who uses the GPUs. Run it on the host, and restart the host when it hangs.`,
        true,
      );
    }
  }

  /** Replicas of shared models without reserved devices may use all GPUs. */
  #gpusOf(devices: readonly string[]): readonly string[] {
    return devices.length === 0 ? this.#parts.uuids() : devices.filter((id) => id !== "cpu");
  }
}

/** After a reboot, or when its number was given away. */
function isOthers({ pid, start_ticks, boot_id }: ProcessIdentity): boolean {
  const holder = identify(pid);
  return boot_id !== bootId() || (holder !== undefined && holder.start_ticks !== start_ticks);
}

function unaccountedIn(uses: readonly GpuUse[]): Map<string, number> {
  return new Map(
    uses.flatMap((use) => {
      const bytes = unaccountedBytes(use);
      return bytes === undefined ? [] : [[use.uuid, bytes] as const];
    }),
  );
}
