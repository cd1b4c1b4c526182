import { expect, test } from "bun:test";
import { identify } from "../contract/process-identity.ts";
import { higher, MemorySampler, mostOnOne } from "./memory-sampler.ts";
import { kilobytes, processMemory, residentBytes, together } from "./process-memory.ts";

const mib = 2 ** 20;
const peak = (gpu_memory_bytes: number, memory_bytes: number) => ({
  gpu_memory_bytes,
  memory_bytes,
});

test("a number of proc is read by its name alone", () => {
  const text = "Rss:            1768 kB\nPss:             403 kB\nPss_Anon:   80 kB\n";
  expect(kilobytes(text, "Pss")).toBe(403 * 1024);
  expect(kilobytes(text, "Pss_Anon")).toBe(80 * 1024);
  expect(kilobytes("", "Pss")).toBe(0);
});

test("own memory adds up, mapped files count once", () => {
  const worker = { own_bytes: 10, file_bytes: 100 };
  expect(together([worker, { own_bytes: 5, file_bytes: 70 }, worker])).toBe(125);
  expect(together([])).toBe(0);
});

test("this process is measured near what is resident of it, and one that ended holds nothing", async () => {
  const resident = await residentBytes(process.pid);
  const measured = together([await processMemory(process.pid)]);
  expect(measured).toBeGreaterThan(resident * 0.5);
  expect(measured).toBeLessThan(resident * 1.5);
  expect(await processMemory(2 ** 22 + 1)).toEqual({ own_bytes: 0, file_bytes: 0 });
});

test("of two GPUs the one counts where its processes hold most", () => {
  const process = (pid: number, memory_bytes: number) => ({ pid, name: "", memory_bytes });
  const use = { uuid: "GPU-a", vram_bytes: 100, memory_used_bytes: 90 };
  const uses = [
    { ...use, processes: [process(1, 10), process(2, 20), process(3, 60)] },
    { ...use, uuid: "GPU-b", processes: [process(1, 25)] },
  ];
  expect(mostOnOne(uses, new Set([1, 2]))).toBe(30);
  expect(mostOnOne([], new Set([1]))).toBe(0);
});

test.each([
  ["the first measure counts, however small", peak(0, 0), peak(0, 1), peak(0, 1)],
  ["a step of 16 MiB counts", peak(0, 100 * mib), peak(0, 116 * mib), peak(0, 116 * mib)],
  ["of large numbers a hundredth", peak(9000 * mib, 1), peak(9090 * mib, 0), peak(9090 * mib, 1)],
  ["each is a separate peak", peak(100 * mib, 5), peak(10, 40 * mib), peak(100 * mib, 40 * mib)],
])("%s", (_, told, seen, now) => {
  expect(higher(told, seen)).toEqual(now);
});

test("less, and a little more, are not worth a word", () => {
  const told = peak(9000 * mib, 100 * mib);
  for (const seen of [peak(0, 0), peak(9080 * mib, 115 * mib), told]) {
    expect(higher(told, seen)).toBe(told);
  }
});

test("a driver that does not answer costs the GPU's number and nothing else", async () => {
  const stop = new AbortController();
  const own = identify(process.pid);
  const meter = new MemorySampler({
    look: (signal) =>
      new Promise((_, fail) => signal.addEventListener("abort", () => fail(signal.reason))),
    interval_ms: 10,
    look_ms: 20,
  });
  const processes = () => (own ? [own] : []);
  const told = await new Promise<{ gpu_memory_bytes: number; memory_bytes: number }>((settle) => {
    void meter.follow({ processes, has_gpus: true }, stop.signal, settle);
  });
  stop.abort();
  expect(told.gpu_memory_bytes).toBe(0);
  expect(told.memory_bytes).toBeGreaterThan(0);
});
