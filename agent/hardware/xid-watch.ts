import type { Gpu, XidError } from "../contract/protocol/messages.ts";
import type { KernelLog } from "./kernel-log.ts";
import { parseXid, type XidLine, xidError } from "./xid.ts";

export interface XidWatchParts {
  /** Throws when it may not be read. */
  open(): KernelLog;
  log(line: string): void;
}

const most_xids = 64;
const look_ms = 1000;

/** The XID errors of this host since it booted: the newest few, each of them told in every heartbeat. */
export class XidWatch {
  readonly #parts: XidWatchParts;
  readonly #gpus = new Map<string, Gpu>();
  #lines: XidLine[] = [];
  #source: KernelLog | undefined;

  constructor(parts: XidWatchParts) {
    this.#parts = parts;
  }

  /** GPUs that lines may mean from now on. */
  know(gpus: readonly Gpu[]): void {
    for (const gpu of gpus) this.#gpus.set(gpu.pci_bus_id, gpu);
  }

  latest(): XidError[] {
    return this.#lines.map((line) => xidError(line, this.#gpus.values()));
  }

  /** Follows the kernel's log until SIGNAL aborts. Where it may not be read, that is said once. */
  run(signal: AbortSignal): void {
    if (signal.aborted) return;
    try {
      this.#source = this.#parts.open();
    } catch (error) {
      this.#stop(error);
      return;
    }
    this.look();
    const timer = setInterval(() => this.look(), look_ms);
    const end = (): void => {
      clearInterval(timer);
      this.#source?.close();
      this.#source = undefined;
    };
    signal.addEventListener("abort", end, { once: true });
  }

  /** What has come since the last look. */
  look(): void {
    try {
      const found = this.#source?.read().flatMap((record) => parseXid(record) ?? []) ?? [];
      if (found.length > 0) this.#lines = [...this.#lines, ...found].slice(-most_xids);
    } catch (error) {
      this.#source?.close();
      this.#stop(error);
    }
  }

  #stop(error: unknown): void {
    this.#source = undefined;
    const why = error instanceof Error ? error.message : String(error);
    this.#parts.log(
      `the kernel's log cannot be read, so XID errors of GPUs are not noticed: run the agent as root or with CAP_SYSLOG (${why})`,
    );
  }
}
