/**
 * How long one decision takes, by the size of the fleet: hosts of 8 GPUs, about 70 % of them full, and
 * 10,000 endpoints that want a place; refusals are measured where all are full. Usage: npm run bench:fleet
 */

import type { Evictable } from "../src/control/scheduler/placement/eviction.ts";
import type { Demand, Device, Host } from "../src/control/scheduler/placement/fleet.ts";
import { type FleetIndex, indexFleet } from "../src/control/scheduler/placement/fleet-index.ts";
import { makeRoom } from "../src/control/scheduler/placement/make-room.ts";
import { fitOf, type Wanted } from "../src/control/scheduler/placement/need.ts";
import { place } from "../src/control/scheduler/placement/place.ts";
import { gib } from "../src/control/scheduler/sizing/gpus.ts";
import { modelFrom } from "../src/control/scheduler/sizing/model.ts";
import { passes } from "./bench-pass.ts";

const sizes = [10, 100, 1000];
const endpoint_count = 10_000;
const usual_percent = 70;
/** 1,000 hosts must decide within this. */
const goal_ms = 2;

/** A linear congruential generator: the same fleet in every run. */
function random(seed: number): (below: number) => number {
  let state = seed;
  return (below) => {
    state = (state * 1_664_525 + 1_013_904_223) % 2 ** 32;
    return Math.floor((state / 2 ** 32) * below);
  };
}

const cards = [
  ["NVIDIA H100 80GB HBM3", 79.65],
  ["NVIDIA A100-SXM4-80GB", 80],
  ["NVIDIA L40S", 44.99],
  ["NVIDIA L4", 22.49],
] as const;

function hostNumber(i: number, full_percent: number, below: (n: number) => number): Host {
  const [kind, memory_gib] = cards[i % cards.length] ?? cards[0];
  const memory_bytes = Math.floor(memory_gib * gib);
  const gpu = (n: number): Device => ({
    id: `GPU-${i}-${n}`,
    kind,
    memory_bytes,
    // A full one is either taken whole or shared by small models with little left.
    reserved_bytes: below(100) < full_percent ? memory_bytes - below(2) * below(gib) : 0,
    leaving_bytes: 0,
    asleep_bytes: 0,
    foreign_bytes: 0,
    starting: below(50) === 0,
  });
  return {
    id: `host_${i}`,
    name: `host-${i}`,
    cordoned: below(100) === 0,
    labels: { region: i % 2 === 0 ? "eu" : "us", pool: `p${i % 10}` },
    down_for_ms: below(100) === 0 ? 1000 : 0,
    runtimes: ["vllm", "llama-server"],
    devices: [
      ...Array.from({ length: 8 }, (_, n) => gpu(n)),
      { ...gpu(8), id: "cpu", kind: "cpu", memory_bytes: 1024 * gib, reserved_bytes: 0 },
    ],
    sources: new Set(Array.from({ length: 4 }, () => models[below(models.length)]?.name ?? "")),
  };
}

const models = ["1B", "3B", "8B", "14B", "32B", "70B", "120B", "400B"].flatMap((size) => [
  modelFrom({ name: `acme/model-${size}` }),
  modelFrom({ name: `acme/model-${size}-Q4_K_M-GGUF` }),
]);

/** The sizing of an endpoint is kept from pass to pass, as the lifecycle does; here one for each model. */
const fits = models.map((model) => {
  const runtime = model.precision.engine;
  const gpu = { type: null, count: null };
  const wanted: Wanted = { model, runtime, context_tokens: 8192, concurrency: 4, gpu };
  return { source: model.name, runtime, ...fitOf(wanted) };
});

const demands = (below: (n: number) => number): Demand[] =>
  Array.from({ length: endpoint_count / fits.length }, () =>
    fits.map((fit) => ({
      ...fit,
      labels: below(3) === 0 ? { region: "eu" } : {},
      gpu_type: below(4) === 0 ? "H100-80" : null,
      beside: new Set([`host_${below(1000)}`]),
    })),
  ).flat();

interface World {
  hosts: readonly Host[];
  wanting: readonly Demand[];
}

/** What is measured at every size of the fleet: a row of the table and a field of the JSON each. */
const measures: Readonly<Record<string, (size: number) => (() => unknown)[]>> = {
  index: (size) => {
    const { hosts } = worldOf(size, usual_percent);
    return Array.from({ length: 50 }, () => () => indexFleet(hosts));
  },
  decision: (size) => {
    const { hosts, wanting } = worldOf(size, usual_percent);
    return decisions(indexFleet(hosts), wanting);
  },
  refusal: (size) => {
    const { hosts, wanting } = worldOf(size, 100);
    const fleet = indexFleet(hosts);
    return decisions(fleet, refusedOf(fleet, wanting));
  },
  make_room: (size) => {
    const { hosts, wanting } = worldOf(size, 100);
    const fleet = indexFleet(hosts);
    const idle = idleOn(hosts);
    return refusedOf(fleet, wanting).map((demand) => () => makeRoom(demand, fleet, idle, 1e9));
  },
  pass: (size) => passes(size, endpoint_count, 0),
  pass_waking: (size) => passes(size, endpoint_count, 100),
};

const decisions = (fleet: FleetIndex, wanting: readonly Demand[]) =>
  wanting.map((demand) => () => place(demand, fleet));

const refusedOf = (fleet: FleetIndex, wanting: readonly Demand[]): Demand[] =>
  wanting.filter((demand) => "refused" in place(demand, fleet));

/** One idle replica of the shared pool on every host. */
const idleOn = (hosts: readonly Host[]): Evictable[] =>
  hosts.flatMap(({ id: host_id, devices }, i) => {
    const held = devices.find(({ reserved_bytes }) => reserved_bytes > 0);
    if (!held) return [];
    const replica = { replica_id: `rep_${i}`, model: "chat", last_used_at: i, ready_since: 0 };
    const bytes_per_device = held.reserved_bytes;
    return [{ ...replica, host_id, devices: [held.id], bytes_per_device, busy: false }];
  });

function worldOf(size: number, full_percent: number): World {
  const below = random(size);
  return {
    hosts: Array.from({ length: size }, (_, i) => hostNumber(i, full_percent, below)),
    wanting: demands(below),
  };
}

/** Milliseconds of each run, ascending. */
function timed(runs: readonly (() => unknown)[]): number[] {
  const times = runs.map((run) => {
    const from = performance.now();
    run();
    return performance.now() - from;
  });
  return times.sort((a, b) => a - b);
}

const quantile = (sorted: readonly number[], q: number): number =>
  Number((sorted[Math.floor((sorted.length - 1) * q)] ?? 0).toFixed(4));

const print = (line: string): void => void process.stdout.write(`${line}\n`);

const result: Record<string, Record<string, number>> = {};
const smallest = Math.min(...sizes);
const largest = Math.max(...sizes);
print(`hosts      ${sizes.map((size) => String(size).padStart(18)).join("")}   growth`);
print(`ms         ${sizes.map(() => "p50     p99".padStart(18)).join("")}   of p50`);
for (const [name, runsFor] of Object.entries(measures)) {
  const p50: Record<string, number> = {};
  const p99: Record<string, number> = {};
  for (const size of sizes) {
    const runs = runsFor(size);
    timed(runs.slice(0, 2000));
    const times = timed(runs);
    p50[size] = quantile(times, 0.5);
    p99[size] = quantile(times, 0.99);
  }
  result[`${name}_ms_p50`] = p50;
  result[`${name}_ms_p99`] = p99;
  const columns = sizes.map((size) =>
    `${(p50[size] ?? 0).toFixed(3)} ${(p99[size] ?? 0).toFixed(3).padStart(7)}`.padStart(18),
  );
  const growth = (p50[largest] ?? 0) / (p50[smallest] ?? 1);
  print(`${name.padEnd(11)}${columns.join("")}   ${growth.toFixed(1)} x`);
}
const slowest = Math.max(
  result["decision_ms_p99"]?.[largest] ?? 0,
  result["refusal_ms_p99"]?.[largest] ?? 0,
);
print(
  `One decision at ${largest} hosts: ${slowest.toFixed(3)} ms at p99, also when refused; at most ${goal_ms} ms are wanted.`,
);
print(JSON.stringify(result));
