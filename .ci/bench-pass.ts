/** A whole pass of the lifecycle over a fleet in which 10,000 endpoints sleep or serve, for bench-fleet.ts. */
import type { Inventory } from "../agent/contract/protocol/messages.ts";
import type { Endpoint } from "../src/control/models/endpoints/endpoint.ts";
import {
  endpointWith,
  observedWith,
  rowWith,
} from "../src/control/scheduler/lifecycle/lifecycle.testbed.ts";
import { pass } from "../src/control/scheduler/lifecycle/pass.ts";
import type { FleetHost, ReplicaRow, World } from "../src/control/scheduler/lifecycle/world.ts";

const gpus_per_host = 8;
const gib = 2 ** 30;
const rules = { now: 1000, placing_timeout_ms: 1_800_000, unready_timeout_ms: 300_000 };

/** ENDPOINT_COUNT endpoints, of which as many serve as 70 % of the GPUs can hold; WAKING of the others are asked for. */
export function passes(size: number, endpoint_count: number, waking: number): (() => unknown)[] {
  const world = worldOf(size, endpoint_count, waking);
  return Array.from({ length: 30 }, () => () => pass(world, rules, new Map()));
}

function worldOf(size: number, endpoint_count: number, waking: number): World {
  const serving = Math.min(endpoint_count - waking, Math.floor(size * gpus_per_host * 0.7));
  const rows = Array.from({ length: serving }, (_, i) => rowOf(i, size));
  const endpoints = Array.from({ length: endpoint_count }, (_, i) => endpointOf(i, i < serving));
  const wanted = new Set(endpoints.slice(serving, serving + waking).map(({ id }) => id));
  const byHost = Map.groupBy(rows, ({ host_id }) => host_id);
  return {
    now: rules.now,
    models: [],
    endpoints,
    rows,
    hosts: Array.from({ length: size }, (_, i) => hostOf(i, byHost.get(`host_${i}`) ?? [])),
    demandOf: (id) => ({ inflight: 0, waiting: wanted.has(id) ? 1 : 0, last_active_at: 900 }),
    ttftOf: () => null,
    inflightOf: () => 0,
    fitOf: () => null,
  };
}

function rowOf(i: number, size: number): ReplicaRow {
  const device = `GPU-${i % size}-${Math.floor(i / size)}`;
  return rowWith({
    id: `rep_${i}`,
    owner_id: `endpt-${i}`,
    host_id: `host_${i % size}`,
    devices: [device],
    bytes_per_device: 80 * gib,
  });
}

function endpointOf(i: number, isUp: boolean): Endpoint {
  const status = isUp ? "up" : "sleeping";
  return endpointWith(
    { status },
    {},
    {
      id: `endpt-${i}`,
      name: `endpoint-${i}`,
      artifact: { runtime: "vllm", source: `hf:acme/${i}`, context_tokens: 8192, model: null },
    },
  );
}

function hostOf(i: number, rows: readonly ReplicaRow[]): FleetHost {
  const gpu = {
    name: "NVIDIA H100 80GB HBM3",
    vram_bytes: 80 * gib,
    vram_used_bytes: 0,
    compute_capability: "9.0",
    mig: false,
    pci_bus_id: "",
  };
  const inventory: Inventory = {
    host_name: `host-${i}`,
    os: "",
    kernel: "",
    arch: "x64",
    cpu_count: 64,
    cpu_model: "",
    memory_bytes: 1024 * gib,
    disk_bytes: 0,
    disk_free_bytes: 0,
    machine_id: `${i}`,
    gpus: Array.from({ length: gpus_per_host }, (_, index) => ({
      ...gpu,
      index,
      uuid: `GPU-${i}-${index}`,
      driver_version: "570",
    })),
    runtimes: [{ name: "vllm", version: "1", path: "/v" }],
  };
  const replicas = rows.map(({ id }) => observedWith({ id }));
  return {
    id: `host_${i}`,
    name: `host-${i}`,
    labels: {},
    cordoned: false,
    draining: false,
    down_for_ms: 0,
    inventory,
    observed: { generation: 1, replicas, sources: [] },
    gpus: [],
  };
}
