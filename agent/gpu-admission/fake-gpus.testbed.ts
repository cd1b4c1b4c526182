import { appendFileSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { basename, join } from "node:path";
import { identify, isAlive } from "../contract/process-identity.ts";
import type { GpuProcesses, GpuUse } from "./gpu-use.ts";

/**
 * GPUs that are not here: one file per GPU with lines "PID BYTES", written by whoever claims memory. As
 * with a real driver, what a process held is free when it has ended; bytes of pid 0 belong to nobody.
 */
export class FakeGpus implements GpuProcesses {
  readonly folder = mkdtempSync(join(tmpdir(), "hypervize-gpus-"));
  readonly uuids: readonly string[];
  readonly vram_bytes: number;
  #hangs = false;

  constructor(uuids: readonly string[], vram_bytes: number) {
    this.uuids = uuids;
    this.vram_bytes = vram_bytes;
    for (const uuid of uuids) writeFileSync(this.ledger(uuid), "");
  }

  /** The file that a process writes "PID BYTES" to. */
  ledger(uuid: string): string {
    return join(this.folder, uuid);
  }

  claim(uuid: string, pid: number, bytes: number): void {
    appendFileSync(this.ledger(uuid), `${pid} ${bytes}\n`);
  }

  release(uuid: string): void {
    writeFileSync(this.ledger(uuid), "");
  }

  /** From now on the driver does not answer. */
  hang(): void {
    this.#hangs = true;
  }

  async look(signal: AbortSignal): Promise<GpuUse[]> {
    if (this.#hangs) await new Promise((_, fail) => signal.addEventListener("abort", fail));
    return this.uuids.map((uuid) => {
      const claims = this.#claims(uuid).filter(({ pid }) => pid === 0 || lives(pid));
      const processes = claims.filter(({ pid }) => pid !== 0);
      const memory_used_bytes = claims.reduce((sum, { memory_bytes }) => sum + memory_bytes, 0);
      return { uuid, vram_bytes: this.vram_bytes, memory_used_bytes, processes };
    });
  }

  end(): void {
    rmSync(this.folder, { recursive: true });
  }

  #claims(uuid: string) {
    const lines = readFileSync(this.ledger(uuid), "utf8").split("\n").filter(Boolean);
    return lines.map((line) => {
      const [pid = 0, memory_bytes = 0] = line.split(" ").map(Number);
      return { pid, memory_bytes, name: nameOf(pid) };
    });
  }
}

function lives(pid: number): boolean {
  const identity = identify(pid);
  return identity !== undefined && isAlive(identity);
}

function nameOf(pid: number): string {
  try {
    return basename(readFileSync(`/proc/${pid}/comm`, "utf8").trim());
  } catch {
    return "";
  }
}
