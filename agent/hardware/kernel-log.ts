/**
 * The kernel's log, record by record (Documentation/ABI/testing/dev-kmsg of Linux). Read without blocking,
 * from the oldest record that the kernel still has: what happened before the agent started is reported too.
 */
import { closeSync, constants, openSync, readFileSync, readSync } from "node:fs";
import { errorCode } from "../files/durable-file.ts";

export interface KernelRecord {
  /** Wall clock, as far as the kernel's own clock has kept pace; equal for every reader. */
  at_ms: number;
  text: string;
}

export interface KernelLog {
  /** Those that have come since the last call. */
  read(): KernelRecord[];
  close(): void;
}

/** The kernel gives one record a call, cut to CONSOLE_EXT_LOG_MAX. */
const record_bytes = 8192;
/** What one call reads at most, so that a flood does not hold the agent up. */
const most_records = 20_000;

/**
 * `6,1234,5678901,-;message`: the first number is level and facility, the third counts microseconds since boot. Lines
 * after the first are properties. Undefined for what a program has written into the log: the kernel's facility is 0.
 */
export function parseRecord(record: string, boot_ms: number): KernelRecord | undefined {
  const semicolon = record.indexOf(";");
  const [priority, , since_boot_us] = record.slice(0, Math.max(0, semicolon)).split(",");
  if (!/^[0-7]$/.test(priority ?? "") || !/^\d+$/.test(since_boot_us ?? "")) return undefined;
  const [text = ""] = record.slice(semicolon + 1).split("\n");
  return { at_ms: boot_ms + Math.floor(Number(since_boot_us) / 1000), text };
}

/** btime of proc_stat(5): when the machine booted, in milliseconds since the epoch. */
export function parseBootTime(stat: string): number {
  return 1000 * Number(/^btime (\d+)$/m.exec(stat)?.[1] ?? 0);
}

/** Throws when it may not be read: kernel.dmesg_restrict without CAP_SYSLOG, or a container without /dev/kmsg. */
export function openKernelLog(path = "/dev/kmsg"): KernelLog {
  const boot_ms = parseBootTime(readFileSync("/proc/stat", "latin1"));
  const descriptor = openSync(path, constants.O_RDONLY | constants.O_NONBLOCK);
  const buffer = Buffer.alloc(record_bytes);

  /** Null: nothing more for now. */
  function next(): string | null {
    try {
      const length = readSync(descriptor, buffer);
      return length === 0 ? null : buffer.toString("utf8", 0, length);
    } catch (error) {
      const code = errorCode(error);
      // EPIPE: records were overwritten before we read them; the next call goes on behind the gap.
      if (code === "EPIPE") return "";
      if (code === "EAGAIN" || code === "EINTR") return null;
      throw error;
    }
  }

  return {
    read() {
      const records: KernelRecord[] = [];
      for (let count = 0; count < most_records; count++) {
        const text = next();
        if (text === null) break;
        const record = parseRecord(text, boot_ms);
        if (record) records.push(record);
      }
      return records;
    },
    close: () => closeSync(descriptor),
  };
}
