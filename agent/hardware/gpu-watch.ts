/** What the GPUs of this host do, followed for as long as the agent runs. */
import type { Gpu, GpuSample } from "../contract/protocol/messages.ts";
import { appArguments, type ComputeApp, parseComputeApps } from "./compute-apps.ts";
import { GpuFrames } from "./gpu-frames.ts";
import {
  type GpuReading,
  gpuArguments,
  gpuFields,
  lostBusId,
  parseGpuLine,
  refusedField,
  withoutField,
} from "./gpu-query.ts";
import { type NvidiaSmi, nvidiaSmi } from "./nvidia-smi.ts";
import { withProcesses } from "./owners.ts";

/** For those who must know what a GPU holds, such as before a start. */
export interface GpuWatch {
  /** The newest; none while the driver does not answer, or without a GPU. */
  latest(): GpuSample[];
  /**
   * Measured after this call, processes and all. Without nvidia-smi none, at once. Rejects with SIGNAL's
   * reason; while the driver hangs nothing else ends it.
   */
  next(signal: AbortSignal): Promise<GpuSample[]>;
  /** The GPUs as they were last seen, also while the driver hangs. */
  gpus(): Gpu[];
  /** Resolves at the first sight of the GPUs, or after PATIENCE_MS without one. */
  found(patience_ms: number): Promise<Gpu[]>;
}

export interface GpuWatchParts {
  /** Of nvidia-smi; null where there is none. */
  path: string | null;
  env: Readonly<Record<string, string | undefined>>;
  ownerOf(pid: number): string;
  /** The GPUs are not the same as before, and have been so for a while; also at the first sight. */
  changed(gpus: Gpu[]): void;
  log(line: string): void;
  /** Milliseconds; a clock that never goes back. */
  now(): number;
  times: GpuWatchTimes;
}

export interface GpuWatchTimes {
  /** Between two rounds. */
  interval_ms: number;
  /** Processes are asked for at most so often, but for `next`. */
  apps_interval_ms: number;
  /** A driver that says nothing for this long hangs. */
  silent_ms: number;
  /** Before the first new try; it doubles up to the longest. */
  pause_ms: number;
  longest_pause_ms: number;
  /** How long other GPUs than before must be there until that counts: one that comes and goes is no news. */
  settle_ms: number;
  /** How long only healthy GPUs are asked for before all are again. */
  healthy_only_ms: number;
}

export const gpuWatchTimes: GpuWatchTimes = {
  interval_ms: 1000,
  apps_interval_ms: 5000,
  silent_ms: 15_000,
  pause_ms: 1000,
  longest_pause_ms: 60_000,
  settle_ms: 10_000,
  healthy_only_ms: 600_000,
};

interface Waiter {
  asked_at: number;
  settle(samples: GpuSample[]): void;
}

export class NvidiaGpuWatch implements GpuWatch {
  readonly #parts: GpuWatchParts;
  readonly #loop: NvidiaSmi | null;
  readonly #asker: NvidiaSmi | null;
  #fields = gpuFields;
  /** Bus of a GPU that keeps nvidia-smi from telling of the others. */
  #lost: string | undefined;
  #readings: readonly GpuReading[] = [];
  #read_at = Number.NEGATIVE_INFINITY;
  #apps: readonly ComputeApp[] = [];
  #apps_at = Number.NEGATIVE_INFINITY;
  #asking = false;
  #said = "";
  #known = "";
  #differs_since: number | undefined;
  readonly #seen = Promise.withResolvers<void>();
  #waiters: Waiter[] = [];

  constructor(parts: GpuWatchParts) {
    this.#parts = parts;
    const { path, env } = parts;
    this.#loop = path === null ? null : nvidiaSmi(path, env);
    this.#asker = path === null ? null : nvidiaSmi(path, env);
    if (path === null) this.#seen.resolve();
  }

  latest(): GpuSample[] {
    const { now, times, ownerOf } = this.#parts;
    if (now() - this.#read_at > times.silent_ms) return [];
    return this.#readings.map(({ sample }) => withProcesses(sample, this.#apps, ownerOf));
  }

  next(signal: AbortSignal): Promise<GpuSample[]> {
    if (this.#loop === null) return Promise.resolve([]);
    return new Promise((resolve, reject) => {
      const waiter: Waiter = {
        asked_at: this.#parts.now(),
        settle(samples) {
          signal.removeEventListener("abort", aborted);
          resolve(samples);
        },
      };
      const aborted = (): void => {
        this.#waiters = this.#waiters.filter((other) => other !== waiter);
        reject(signal.reason);
      };
      if (signal.aborted) return aborted();
      signal.addEventListener("abort", aborted, { once: true });
      this.#waiters.push(waiter);
    });
  }

  gpus(): Gpu[] {
    return this.#readings.map(({ gpu }) => gpu);
  }

  async found(patience_ms: number): Promise<Gpu[]> {
    let timer: ReturnType<typeof setTimeout> | undefined;
    const impatience = new Promise<void>((settle) => {
      timer = setTimeout(settle, patience_ms);
    });
    await Promise.race([this.#seen.promise, impatience]);
    clearTimeout(timer);
    return this.gpus();
  }

  /** Follows them until SIGNAL aborts; nvidia-smi is started again whenever it ends. */
  async run(signal: AbortSignal): Promise<void> {
    const { times } = this.#parts;
    let failures = 0;
    while (this.#loop !== null && !signal.aborted) {
      const before = this.#read_at;
      const again = await this.#life(this.#loop, signal);
      this.#seen.resolve();
      if (again) continue;
      failures = this.#read_at > before ? 1 : failures + 1;
      await pause(Math.min(times.longest_pause_ms, times.pause_ms * 2 ** (failures - 1)), signal);
    }
  }

  /** One life of the loop. True when it ended for a reason that another question avoids. */
  async #life(smi: NvidiaSmi, signal: AbortSignal): Promise<boolean> {
    const { times, log } = this.#parts;
    const fields = this.#fields;
    const healthy = this.#healthy();
    const before = this.#read_at;
    let refused: string | undefined;
    let lost: string | undefined;
    const frames = new GpuFrames(times.interval_ms / 4, (readings) => this.#take(readings, signal));
    const end = await smi.follow([...healthy, ...gpuArguments(fields, times.interval_ms)], {
      silent_ms: times.silent_ms,
      signal:
        healthy.length === 0
          ? signal
          : AbortSignal.any([signal, AbortSignal.timeout(times.healthy_only_ms)]),
      line: (line) => {
        refused ??= refusedField(line);
        lost ??= lostBusId(line);
        const reading = parseGpuLine(fields, line);
        if (reading) frames.add(reading);
      },
    });
    frames.close();
    if (signal.aborted) return false;
    if (refused !== undefined && fields.includes(refused)) {
      this.#fields = withoutField(fields, refused);
      return true;
    }
    const isRest = healthy.length > 0 && this.#read_at > before;
    // One line per kind of trouble, not per try.
    if (end !== this.#said && !isRest) log(`nvidia-smi ${end}; GPUs are not watched`);
    this.#said = end;
    this.#lost = this.#read_at === before && healthy.length === 0 ? lost : undefined;
    return this.#healthy().length > 0;
  }

  /** Arguments that leave the lost GPU out; none while nothing is lost or nothing else is known. */
  #healthy(): string[] {
    if (this.#lost === undefined) return [];
    const others = this.gpus().filter(({ pci_bus_id }) => pci_bus_id !== this.#lost);
    return others.length === 0 ? [] : ["-i", others.map(({ uuid }) => uuid).join(",")];
  }

  #take(readings: readonly GpuReading[], signal: AbortSignal): void {
    const { now, times } = this.#parts;
    this.#said = "";
    this.#readings = readings;
    this.#read_at = now();
    this.#compare(setOf(readings));
    this.#seen.resolve();
    const isDue = this.#read_at - this.#apps_at >= times.apps_interval_ms;
    const isAsked = this.#waiters.some(({ asked_at }) => asked_at < this.#read_at);
    if ((isDue || isAsked) && !this.#asking) void this.#askApps(signal);
  }

  #compare(found: string): void {
    if (found === this.#known) {
      this.#differs_since = undefined;
      return;
    }
    this.#differs_since ??= this.#read_at;
    const isFirst = this.#known === "";
    if (!isFirst && this.#read_at - this.#differs_since < this.#parts.times.settle_ms) return;
    this.#known = found;
    this.#differs_since = undefined;
    this.#parts.changed(this.gpus());
  }

  async #askApps(signal: AbortSignal): Promise<void> {
    if (this.#asker === null) return;
    const { now, times, log } = this.#parts;
    const asked_at = now();
    const frame_at = this.#read_at;
    this.#asking = true;
    this.#apps_at = asked_at;
    try {
      this.#apps = parseComputeApps(await this.#asker.ask(appArguments, times.silent_ms, signal));
      this.#answer(frame_at);
    } catch (error) {
      const why = error instanceof Error ? error.message : String(error);
      if (!signal.aborted) log(`which processes use GPUs is not known: ${why}`);
    } finally {
      this.#asking = false;
    }
  }

  /** For those who asked before the frame of FRAME_AT: frame and processes are newer than their question. */
  #answer(frame_at: number): void {
    const answered = this.#waiters.filter(({ asked_at }) => asked_at < frame_at);
    if (answered.length === 0) return;
    this.#waiters = this.#waiters.filter(({ asked_at }) => asked_at >= frame_at);
    for (const { settle } of answered) settle(this.latest());
  }
}

const setOf = (readings: readonly GpuReading[]): string =>
  readings.map(({ gpu }) => `${gpu.uuid} ${gpu.mig}`).join();

function pause(duration_ms: number, signal: AbortSignal): Promise<void> {
  return new Promise((settle) => {
    const end = (): void => {
      clearTimeout(timer);
      signal.removeEventListener("abort", end);
      settle();
    };
    const timer = setTimeout(end, duration_ms);
    signal.addEventListener("abort", end);
    if (signal.aborted) end();
  });
}
