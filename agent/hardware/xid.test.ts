import { expect, test } from "bun:test";
import type { Gpu } from "../contract/protocol/messages.ts";
import type { KernelLog, KernelRecord } from "./kernel-log.ts";
import { parseXid, xidError } from "./xid.ts";
import { XidWatch } from "./xid-watch.ts";

const record = (text: string, at_ms = 5): KernelRecord => ({ at_ms, text });
const gpu = { uuid: "GPU-a", pci_bus_id: "0000:3b:00" } as Gpu;
const lost =
  "NVRM: Xid (PCI:0000:3b:00): 79, pid='<unknown>', name=<unknown>, GPU has fallen off the bus.";

test.each([
  [lost, "0000:3b:00", 79, "pid='<unknown>', name=<unknown>, GPU has fallen off the bus."],
  [
    "NVRM: Xid (PCI:0000:C1:00): 31, pid=4242, name=python3, Ch 00000008",
    "0000:c1:00",
    31,
    "pid=4242, name=python3, Ch 00000008",
  ],
  ["NVRM: Xid (0000:06:00): 13, Graphics Exception", "0000:06:00", 13, "Graphics Exception"],
  ["NVRM: Xid (PCI:00000018:01:00.0): 94, Contained", "0018:01:00", 94, "Contained"],
  ["NVRM: Xid (PCI:0000:06:00): 154", "0000:06:00", 154, ""],
])("reads %j", (text, bus, code, said) => {
  expect(parseXid(record(text))).toEqual({ at_ms: 5, bus, code, text: said });
});

test.each([
  ["NVRM: GPU 0000:3b:00.0: GPU has fallen off the bus."],
  ["nvidia-nvswitch3: SXid (PCI:0000:86:00.0): 12028, Non-fatal"],
  ["a user wrote Xid (PCI:0000:3b:00): 79"],
])("%j is no XID of a GPU", (text) => {
  expect(parseXid(record(text))).toBeUndefined();
});

test("an error names its GPU by UUID, or says the bus when no such GPU was seen", () => {
  const line = { at_ms: 5, bus: "0000:3b:00", code: 79, text: "Off." };
  expect(xidError(line, [gpu])).toEqual({ at_ms: 5, gpu_uuid: "GPU-a", code: 79, text: "Off." });
  expect(xidError(line, [])).toMatchObject({ gpu_uuid: "", text: "0000:3b:00 Off." });
});

class FakeLog implements KernelLog {
  records: KernelRecord[] = [];
  error: Error | undefined;
  closed = false;
  read(): KernelRecord[] {
    if (this.error) throw this.error;
    return this.records.splice(0);
  }
  close(): void {
    this.closed = true;
  }
}

function watched(log = new FakeLog()) {
  const lines: string[] = [];
  const watch = new XidWatch({ open: () => log, log: (line) => lines.push(line) });
  const stop = new AbortController();
  watch.run(stop.signal);
  return { watch, log, lines, stop };
}

test("errors stay told; a GPU keeps its name when it is in no list any more", () => {
  const { watch, log, stop } = watched();
  log.records.push(record("usb 1-1: new device"), record(lost, 9));
  watch.look();
  expect(watch.latest()).toMatchObject([{ gpu_uuid: "", code: 79, at_ms: 9 }]);
  watch.know([gpu]);
  watch.know([]);
  watch.look();
  expect(watch.latest()).toMatchObject([{ gpu_uuid: "GPU-a", code: 79, at_ms: 9 }]);
  stop.abort();
  expect(log.closed).toBe(true);
});

test("of a flood the newest 64 are kept", () => {
  const { watch, log, stop } = watched();
  log.records.push(...Array.from({ length: 500 }, (_, at_ms) => record(lost, at_ms)));
  watch.look();
  expect(watch.latest().map(({ at_ms }) => at_ms)).toEqual(
    Array.from({ length: 64 }, (_, index) => 436 + index),
  );
  stop.abort();
});

test("a log that may not be read is said once, also when that is noticed later", () => {
  const lines: string[] = [];
  const open = (): KernelLog => {
    throw new Error("EPERM: operation not permitted, open '/dev/kmsg'");
  };
  const watch = new XidWatch({ open, log: (line) => lines.push(line) });
  watch.run(new AbortController().signal);
  watch.look();
  expect(lines).toHaveLength(1);
  expect(lines[0]).toContain("CAP_SYSLOG");

  const later = watched();
  later.log.error = new Error("EIO");
  later.watch.look();
  later.watch.look();
  expect(later.lines).toHaveLength(1);
  later.stop.abort();
});
