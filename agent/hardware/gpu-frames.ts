/** Lines of nvidia-smi's loop, gathered to one frame of all GPUs per round. */
import type { GpuReading } from "./gpu-query.ts";

/**
 * Nothing marks the end of a round, so a frame is whole when an index comes that is not larger than the
 * last one, or when nothing came for QUIET_MS, far less than a round takes. TOLD hears each frame.
 */
export class GpuFrames {
  #readings: GpuReading[] = [];
  #timer: ReturnType<typeof setTimeout> | undefined;
  readonly #quiet_ms: number;
  readonly #told: (readings: readonly GpuReading[]) => void;

  constructor(quiet_ms: number, told: (readings: readonly GpuReading[]) => void) {
    this.#quiet_ms = quiet_ms;
    this.#told = told;
  }

  add(reading: GpuReading): void {
    const last = this.#readings.at(-1);
    if (last && reading.gpu.index <= last.gpu.index) this.#finish();
    this.#readings.push(reading);
    clearTimeout(this.#timer);
    this.#timer = setTimeout(() => this.#finish(), this.#quiet_ms);
  }

  /** Drops a frame that is not whole. */
  close(): void {
    clearTimeout(this.#timer);
    this.#readings = [];
  }

  #finish(): void {
    clearTimeout(this.#timer);
    const readings = this.#readings;
    this.#readings = [];
    if (readings.length > 0) this.#told(readings);
  }
}
