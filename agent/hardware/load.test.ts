import { expect, test } from "bun:test";
import { cpuRatio, parseCpuTimes, parseMemory, readCpuTimes, readMemory } from "./load.ts";

const stat = "cpu  100 5 20 800 40 3 2 30 7 1\ncpu0 1 2 3 4 5 6 7 8 9 10\n";

test("cpu times count waiting for a disk as idle, and guests once", () => {
  expect(parseCpuTimes(stat)).toEqual({ busy: 160, total: 1000 });
  expect(parseCpuTimes("nothing")).toEqual({ busy: 0, total: 0 });
});

test.each([
  [{ busy: 0, total: 0 }, { busy: 25, total: 100 }, 0.25],
  [{ busy: 10, total: 100 }, { busy: 10, total: 200 }, 0],
  [{ busy: 10, total: 100 }, { busy: 10, total: 100 }, 0],
  // Counters of a virtual machine can run backwards after a migration.
  [{ busy: 50, total: 100 }, { busy: 20, total: 200 }, 0],
  [{ busy: 50, total: 100 }, { busy: 250, total: 200 }, 1],
])("from %j to %j the share is %d", (earlier, later, ratio) => {
  expect(cpuRatio(earlier, later)).toBe(ratio);
});

test("memory in use leaves out what the kernel would give back", () => {
  const text = "MemTotal:       1000 kB\nMemFree:         100 kB\nMemAvailable:    600 kB\n";
  expect(parseMemory(text)).toEqual({ memory_bytes: 1_024_000, memory_used_bytes: 409_600 });
});

test("this host's own numbers make sense", () => {
  const { busy, total } = readCpuTimes();
  expect(busy).toBeGreaterThan(0);
  expect(total).toBeGreaterThan(busy);
  const memory = readMemory();
  expect(memory.memory_used_bytes).toBeGreaterThan(0);
  expect(memory.memory_bytes).toBeGreaterThan(memory.memory_used_bytes);
});
