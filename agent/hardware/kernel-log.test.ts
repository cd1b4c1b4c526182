import { expect, test } from "bun:test";
import { accessSync, constants } from "node:fs";
import { openKernelLog, parseBootTime, parseRecord } from "./kernel-log.ts";

test("a record says when it was written, counted from the boot", () => {
  expect(parseBootTime("cpu 1 2\nbtime 1764000000\nprocesses 5\n")).toBe(1_764_000_000_000);
  const text = "4,1234,5678901,-;NVRM: Xid (PCI:0000:3b:00): 79; off\n SUBSYSTEM=pci\n";
  expect(parseRecord(text, 1000)).toEqual({
    at_ms: 6678,
    text: "NVRM: Xid (PCI:0000:3b:00): 79; off",
  });
});

test.each([[""], ["no record"], ["4,1,x,-;text"], ["12,1,5,-;by a program"]])(
  "%j is no record of the kernel",
  (text) => {
    expect(parseRecord(text, 0)).toBeUndefined();
  },
);

function readable(): boolean {
  try {
    accessSync("/dev/kmsg", constants.R_OK);
    openKernelLog().close();
    return true;
  } catch {
    return false;
  }
}

test.skipIf(!readable())(
  "this machine's log is read without waiting, and then there is no more",
  () => {
    const log = openKernelLog();
    const records = log.read();
    for (const { at_ms } of records) expect(at_ms).toBeLessThan(Date.now() + 60_000);
    expect(log.read().length).toBeLessThanOrEqual(records.length);
    log.close();
  },
);

test("a log that is not there cannot be opened", () => {
  expect(() => openKernelLog("/dev/no-such-log")).toThrow("ENOENT");
});
