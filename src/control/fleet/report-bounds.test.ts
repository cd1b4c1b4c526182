import { expect, test } from "bun:test";
import type { Observed, ObservedReplica } from "../../../agent/contract/protocol/messages.ts";
import { hello, observedReplica } from "./fleet.testbed.ts";
import { boundedHeartbeat, boundedHello, boundedLog, boundedObserved } from "./report-bounds.ts";

const huge = "x".repeat(1_000_000);
const observed = (replica: Partial<ObservedReplica>, rest: Partial<Observed> = {}): Observed => ({
  generation: 3,
  replicas: [{ ...observedReplica("rep_a"), ...replica }],
  sources: [],
  ...rest,
});

test("a sound report passes as it is", () => {
  const sound = observed({ log_tail: ["a", "b"], detail: "Fine." }, { sources: ["hf:a/b"] });
  expect(boundedObserved(sound)).toEqual(sound);
  expect(boundedHello(hello)).toEqual(hello);
});

test("texts and lists are cut, the newest lines are kept", () => {
  const log_tail = [...Array.from({ length: 5000 }, () => huge), "last"];
  const bounded = boundedObserved(observed({ id: huge, host: huge, detail: huge, log_tail }));
  const [replica] = bounded.replicas;
  expect(replica?.detail).toHaveLength(500);
  expect(replica?.log_tail).toHaveLength(50);
  expect(replica?.log_tail.at(-1)).toBe("last");
  expect(JSON.stringify(bounded).length).toBeLessThan(50 * 510 + 2000);
});

test("ten thousand replicas and sources are enough; a source is whole or left out", () => {
  const replicas = Array.from({ length: 20_000 }, (_, i) => observedReplica(`rep_${i}`));
  const sources = [huge, ...Array.from({ length: 20_000 }, (_, i) => `hf:a/${i}`)];
  const bounded = boundedObserved({ generation: 1, replicas, sources });
  expect(bounded.replicas).toHaveLength(10_000);
  expect(bounded.sources).toHaveLength(10_000);
  expect(bounded.sources[0]).toBe("hf:a/0");
});

test("a word that is not of the contract becomes one that is", () => {
  const odd = { state: "dancing", cause: "boredom", phase: "napping" } as never;
  expect(boundedObserved(observed(odd)).replicas).toMatchObject([
    { state: "failed", cause: "runtime_crash", phase: "" },
  ]);
});

test("a replica's address is loopback and a port, or nothing", () => {
  const odd = ["10.0.0.7", "127.0.0.2", "localhost", "::1", "example.org", "127.0.0.1.example.org"];
  for (const host of odd) {
    expect(boundedObserved(observed({ host })).replicas[0]?.host).toBe("");
  }
  for (const port of [-1, 65_536, 1.5, Number.NaN]) {
    expect(boundedObserved(observed({ port, listener: port })).replicas[0]?.port).toBe(0);
  }
  expect(boundedObserved(observed({ listener: -1 })).replicas[0]?.listener).toBe(0);
});

test("a hello is cut, and its labels are well formed or left out", () => {
  const gpu = {
    index: 0,
    uuid: huge,
    name: huge,
    vram_bytes: 1,
    vram_used_bytes: 0,
    mig: false,
    compute_capability: huge,
    pci_bus_id: huge,
  };
  const gpus = Array.from({ length: 500 }, () => ({ ...gpu, driver_version: huge }));
  const inventory = { ...hello.inventory, host_name: huge, kernel: huge, gpus };
  const labels = { pool: "a", "not a key": "b", region: huge };
  const bounded = boundedHello({ ...hello, agent_version: huge, inventory, labels });
  expect(bounded.labels).toEqual({ pool: "a" });
  expect(bounded.inventory.gpus).toHaveLength(64);
  expect(JSON.stringify(bounded).length).toBeLessThan(64 * 1250);
});

test("of too many log lines the newest are kept and the others counted", () => {
  const lines = [...Array.from({ length: 3000 }, () => "old"), huge];
  const bounded = boundedLog({ follow_id: "f", lines, dropped: 2, ended: false });
  expect(bounded.lines).toHaveLength(1000);
  expect(bounded.lines.at(-1)).toHaveLength(2048);
  expect(bounded.dropped).toBe(2003);
});

test("a heartbeat is cut to what a machine can have, the newest errors are kept", () => {
  const process = { pid: 1, name: huge, memory_bytes: -5, replica_id: huge };
  const gpu = {
    uuid: huge,
    utilization_ratio: Number.NaN,
    memory_used_bytes: 5,
    temperature_celsius: 40,
    power_watts: Infinity,
    power_limit_watts: 1,
    sm_clock_mhz: 1,
    memory_clock_mhz: 1,
    ecc_corrected: 0,
    ecc_uncorrected: 0,
    throttle_reasons: Array.from({ length: 99 }, () => huge),
    processes: Array.from({ length: 999 }, () => process),
  };
  const xids = Array.from({ length: 999 }, (_, at_ms) => ({
    at_ms,
    gpu_uuid: huge,
    code: 79,
    text: huge,
  }));
  const gpus = Array.from({ length: 999 }, () => gpu);
  const bounded = boundedHeartbeat({
    at_ms: 1,
    memory_used_bytes: 2,
    disk_free_bytes: -1,
    cpu_ratio: 0.5,
    cache_used_bytes: 4,
    download_bytes_total: 5,
    gpus,
    xids,
    damaged_sources: Array.from({ length: 999 }, () => huge),
  });
  expect(bounded).toMatchObject({ memory_used_bytes: 2, disk_free_bytes: 0 });
  expect(bounded.gpus).toHaveLength(64);
  expect(bounded.gpus[0]).toMatchObject({ utilization_ratio: 0, power_watts: 0 });
  expect(bounded.gpus[0]?.processes).toHaveLength(64);
  expect(bounded.gpus[0]?.processes[0]).toMatchObject({ pid: 1, memory_bytes: 0 });
  expect(bounded.gpus[0]?.throttle_reasons).toHaveLength(16);
  expect(bounded.xids.map(({ at_ms }) => at_ms)).toEqual(
    Array.from({ length: 64 }, (_, index) => 935 + index),
  );
  expect(bounded.xids[0]?.text).toHaveLength(500);
  expect(bounded.damaged_sources.map(({ length }) => length)).toEqual(Array(64).fill(500));
});
