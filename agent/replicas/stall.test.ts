import { expect, test } from "bun:test";
import { cpuMs, hangs, silenceAfter } from "./stall.ts";

const at = (at_ms: number, cpu_ms: number, answered = false) => ({ answered, at_ms, cpu_ms });

test("an answer ends a silence, also after a long one", () => {
  const silence = silenceAfter(undefined, at(1000, 5));
  expect(silence).toEqual({ since_ms: 1000, cpu_ms: 5 });
  expect(silenceAfter(silence, at(50_000, 5))).toEqual({ since_ms: 1000, cpu_ms: 5 });
  expect(silenceAfter(silence, at(50_000, 5, true))).toBeUndefined();
});

test("a server that works and does not answer is busy: its silence starts over", () => {
  const silence = silenceAfter(undefined, at(0, 0));
  expect(silenceAfter(silence, at(10_000, 300))).toEqual({ since_ms: 10_000, cpu_ms: 300 });
  expect(silenceAfter(silence, at(10_000, 150))).toEqual({ since_ms: 0, cpu_ms: 0 });
});

test("processor time is user and kernel time together", () => {
  const line = "42 (a) b) S 1 42 42 0 -1 4194304 66 0 1 0 70 30 0 0 20 0 1 0 217397 2654208";
  expect(cpuMs(line)).toBe(1000);
  expect(cpuMs("")).toBe(0);
});

const times = { every_ms: 5, answer_ms: 20, silent_ms: 60 };
const never = () => new Promise<boolean>(() => undefined);

test("a runtime that neither answers nor works hangs; an answer that never comes is none", async () => {
  const mute = { driver: { ready: async () => false }, port: 1, pids: () => [] };
  expect(await hangs(mute, times, new AbortController().signal)).toBe(true);
  const patient = {
    ...mute,
    driver: {
      ready: (_: number, signal: AbortSignal) =>
        Promise.race([
          never(),
          new Promise<boolean>((_, fail) =>
            signal.addEventListener("abort", () => fail(signal.reason)),
          ),
        ]),
    },
  };
  expect(await hangs(patient, times, new AbortController().signal)).toBe(true);
});

test("one that answers is watched until nobody wants to know any more", async () => {
  let asked = 0;
  const stop = new AbortController();
  const healthy = {
    driver: {
      async ready() {
        asked += 1;
        if (asked === 20) stop.abort();
        return asked % 5 === 0;
      },
    },
    port: 1,
    pids: () => [],
  };
  expect(await hangs(healthy, { ...times, silent_ms: 10_000 }, stop.signal)).toBe(false);
  expect(asked).toBe(20);
});
