import { afterEach, expect, test } from "bun:test";
import { readFileSync } from "node:fs";
import type { Gpu } from "../contract/protocol/messages.ts";
import { FakeSmi } from "./fake-smi.testbed.ts";
import { NvidiaGpuWatch } from "./gpu-watch.ts";

const mib = 1024 * 1024;
const pair = readFileSync(new URL("samples/h200-pair.csv", import.meta.url), "utf8");
const [idle = "", busy = ""] = pair.split("\n");
const idleId = "GPU-6f2c1d0e-9b7a-4c35-8e21-0a4d5b6c7d8e";
const busyId = "GPU-b1a20c3f-5d6e-4f70-9182-a3b4c5d6e7f8";
const times = {
  interval_ms: 40,
  apps_interval_ms: 1_000_000,
  silent_ms: 400,
  pause_ms: 10,
  longest_pause_ms: 40,
  settle_ms: 0,
  healthy_only_ms: 60_000,
};

const endings: (() => unknown)[] = [];
afterEach(async () => {
  for (const end of endings.splice(0).reverse()) await end();
});

function watched(gpus = pair, changes_settle_ms = times.settle_ms) {
  const smi = new FakeSmi(gpus);
  const lines: string[] = [];
  const changes: Gpu[][] = [];
  const stop = new AbortController();
  const watch = new NvidiaGpuWatch({
    path: smi.path,
    env: process.env,
    ownerOf: (pid) => (pid === 4242 ? "rep_a" : ""),
    changed: (found) => changes.push(found),
    log: (line) => lines.push(line),
    now: () => performance.now(),
    times: { ...times, settle_ms: changes_settle_ms },
  });
  const start = () => {
    const over = watch.run(stop.signal);
    endings.push(async () => {
      stop.abort();
      await over;
      smi.end();
    });
    return watch;
  };
  return { smi, lines, changes, watch, start };
}

const soon = () => AbortSignal.timeout(10_000);

async function until(what: () => boolean): Promise<void> {
  for (const patience = soon(); !what(); await Bun.sleep(10)) patience.throwIfAborted();
}

test("the next sample holds both GPUs and whose processes are on them", async () => {
  const { smi, start } = watched();
  smi.prints(
    "apps",
    `${busyId}, 4242, 131000, /usr/bin/python3\n${busyId}, 77, 200, /opt/x --key s\n`,
  );
  const watch = start();
  const samples = await watch.next(soon());
  expect(samples.map(({ uuid }) => uuid)).toEqual([idleId, busyId]);
  expect(samples[0]?.processes).toEqual([]);
  expect(samples[1]?.processes).toEqual([
    { pid: 4242, name: "python3", memory_bytes: 131_000 * mib, replica_id: "rep_a" },
    { pid: 77, name: "x", memory_bytes: 200 * mib, replica_id: "" },
  ]);
  expect(watch.latest()).toEqual(samples);
  expect((await watch.found(0)).map(({ pci_bus_id }) => pci_bus_id)).toEqual([
    "0000:18:00",
    "0000:3b:00",
  ]);
});

test("the next sample is measured after the question: memory that was freed before is free in it", async () => {
  const { smi, start } = watched();
  smi.prints("apps", `${busyId}, 4242, 131000, python3\n`);
  const watch = start();
  await watch.next(soon());
  smi.prints("gpus", `${idle}\n${busy.replace("131204", "5")}\n`);
  smi.prints("apps", "");
  const [, freed] = await watch.next(soon());
  expect(freed).toMatchObject({ memory_used_bytes: 5 * mib, processes: [] });
  expect(smi.calls("gpus")).toHaveLength(1);
});

test("nvidia-smi that dies is started again", async () => {
  const { smi, start, lines } = watched("No devices were found\n");
  const watch = start();
  smi.fails("gpus", "lost");
  await until(() => smi.calls("gpus").length >= 3);
  smi.fails("gpus", "");
  smi.prints("gpus", pair);
  expect(await watch.next(soon())).toHaveLength(2);
  expect(lines.filter((line) => line.includes("Unable to determine"))).toHaveLength(1);
});

test("a driver that hangs blocks nobody: samples end, the GPUs stay known, and one process at most waits", async () => {
  const { smi, start, lines } = watched();
  const watch = start();
  await watch.next(soon());
  smi.fails("gpus", "hang");
  await until(() => watch.latest().length === 0);
  expect(watch.gpus()).toHaveLength(2);
  const asked = watch.next(AbortSignal.timeout(100));
  await expect(asked).rejects.toThrow("timed out");
  smi.fails("gpus", "");
  expect(await watch.next(soon())).toHaveLength(2);
  expect(lines[0]).toContain("said nothing for 0.4 s: the driver hangs");
});

test("while processes are not known, nobody is told that there are none", async () => {
  const { smi, start, lines } = watched();
  smi.fails("apps", "hang");
  const watch = start();
  await expect(watch.next(AbortSignal.timeout(1200))).rejects.toThrow("timed out");
  expect(lines.some((line) => line.startsWith("which processes use GPUs is not known"))).toBe(true);
  smi.fails("apps", "");
  expect(await watch.next(soon())).toHaveLength(2);
});

test("a GPU that keeps nvidia-smi from telling of the others is left out of the question", async () => {
  const { smi, start, changes } = watched();
  const watch = start();
  await watch.next(soon());
  smi.fails("gpus", "lost");
  smi.prints("gpus", `${idle}\n`);
  await until(() => watch.latest().length === 1 && smi.calls("gpus").length > 1);
  expect(smi.calls("gpus").at(-1)).toStartWith(`-i ${idleId} --query-gpu=`);
  expect(changes.map((gpus) => gpus.length)).toEqual([2, 1]);
});

test("a GPU that comes and goes is no news until it stays away", async () => {
  const { smi, start, changes } = watched(pair, 60_000);
  const watch = start();
  await watch.next(soon());
  smi.prints("gpus", `${idle}\n`);
  await until(() => watch.latest().length === 1);
  smi.prints("gpus", pair);
  await until(() => watch.latest().length === 2);
  expect(changes).toHaveLength(1);
});

test("an older driver is asked with the older name", async () => {
  const { smi, start } = watched();
  smi.fails("gpus", "old");
  expect(await start().next(soon())).toHaveLength(2);
  expect(smi.calls("gpus").at(-1)).toContain("clocks_throttle_reasons.active");
});

test("without nvidia-smi there are no GPUs, at once", async () => {
  const watch = new NvidiaGpuWatch({
    path: null,
    env: {},
    ownerOf: () => "",
    changed: () => undefined,
    log: () => undefined,
    now: () => 0,
    times,
  });
  await watch.run(new AbortController().signal);
  expect([watch.latest(), await watch.next(soon()), await watch.found(60_000)]).toEqual([
    [],
    [],
    [],
  ]);
});
