/** Endpoints, replicas and hosts as tests need them: ordinary, but for what a test says. */
import type {
  Gpu,
  GpuSample,
  Inventory,
  ObservedReplica,
} from "../../../../agent/contract/protocol/messages.ts";
import type { Endpoint } from "../../models/endpoints/endpoint.ts";
import type { EndpointSpec } from "../../models/endpoints/spec.ts";
import type { EndpointState } from "../../models/endpoints/status.ts";
import type { ReplicaView } from "./dedicated/situation.ts";
import type { ElasticModel } from "./elastic.ts";
import type { FleetHost, ReplicaRow } from "./world.ts";

const gib = 2 ** 30;

export function endpointWith(
  standing: Partial<EndpointState> = {},
  spec: Partial<EndpointSpec> = {},
  changes: Partial<Endpoint> = {},
): Endpoint {
  const full: EndpointSpec = {
    model: "builtin:hypervize-demo",
    revision: null,
    task: null,
    runtime: "llama-server",
    gpu: { type: null, count: null },
    context: 4096,
    concurrency: 4,
    min_replicas: 0,
    max_replicas: 2,
    idle_timeout_s: 600,
    l1_timeout_s: 0,
    cold_start: "hold",
    labels: {},
    env: {},
    args: [],
    visibility: "private",
    ...spec,
  };
  return {
    id: "endpt-1",
    name: "chat",
    user_id: "usr_1",
    revision: 1,
    previous: null,
    created_at: 0,
    spec: full,
    artifact: {
      runtime: "llama-server",
      source: "builtin:hypervize-demo",
      context_tokens: 4096,
      model: null,
    },
    standing: {
      status: "building",
      since: 0,
      intent: "run",
      target: 1,
      cause: "",
      detail: "",
      log_tail: [],
      last_active_at: 0,
      wake_asked_at: null,
      unready_since: null,
      depth: "stopped",
      ...standing,
    },
    ...changes,
  };
}

export const modelWith = (changes: Partial<ElasticModel> = {}): ElasticModel => ({
  id: "mdl_1",
  name: "demo",
  source: "builtin:hypervize-demo",
  runtime: "llama-server",
  context_tokens: 4096,
  slots: 4,
  gpu: { type: null, count: null },
  model_facts: null,
  replicas: null,
  enabled: true,
  changed_at: 0,
  ...changes,
});

export function observedWith(changes: Partial<ObservedReplica> = {}): ObservedReplica {
  return {
    id: "rep_1",
    epoch: 1,
    state: "ready",
    host: "127.0.0.1",
    port: 4000,
    pid: 7,
    started_at_ms: 0,
    restarts: 0,
    cause: "",
    detail: "",
    log_tail: [],
    ready_after_ms: 5,
    phase: "",
    downloaded_bytes: 0,
    download_bytes: 0,
    download_bytes_per_s: 0,
    gpu_memory_bytes: 0,
    memory_bytes: 0,
    ...changes,
  };
}

export function memberWith(
  state: ReplicaView["state"],
  changes: Partial<ReplicaView> = {},
): ReplicaView {
  const id = changes.id ?? "rep_1";
  const observed =
    state === "waiting"
      ? null
      : observedWith({ id, state, ready_after_ms: state === "ready" ? 5 : 0 });
  return {
    id,
    host_id: "host_a",
    revision: 1,
    created_at: 0,
    wanted: true,
    state,
    lost: false,
    leaving: false,
    asleep: false,
    missing: false,
    inflight: 0,
    observed,
    ...changes,
  };
}

export function rowWith(changes: Partial<ReplicaRow> = {}): ReplicaRow {
  return {
    id: "rep_1",
    owner_id: "endpt-1",
    host_id: "host_a",
    epoch: 1,
    created_at: 0,
    spec: {
      model: "chat",
      runtime: "llama-server",
      source: "builtin:hypervize-demo",
      context_tokens: 4096,
      slots: 4,
      args: [],
      devices: [],
      env: {},
    },
    revision: 1,
    devices: ["cpu"],
    bytes_per_device: gib,
    unwanted_since: null,
    asleep_bytes: null,
    ...changes,
  };
}

/** A host without GPUs, whose processors have 16 GiB. */
export function hostWith(id: string, changes: Partial<FleetHost> = {}): FleetHost {
  return {
    id,
    name: id,
    labels: {},
    cordoned: false,
    draining: false,
    down_for_ms: 0,
    inventory: inventoryWith(id),
    observed: { generation: 0, replicas: [], sources: [] },
    gpus: [],
    ...changes,
  };
}

export function inventoryWith(id: string, gpus: Inventory["gpus"] = []): Inventory {
  return {
    host_name: id,
    os: "Debian",
    kernel: "6",
    arch: "x64",
    cpu_count: 8,
    cpu_model: "x",
    memory_bytes: 16 * gib,
    disk_bytes: 0,
    disk_free_bytes: 0,
    machine_id: id,
    gpus,
    runtimes: [{ name: "llama-server", version: "1", path: "/usr/bin/llama-server" }],
  };
}

export function gpuWith(changes: Partial<Gpu> = {}): Gpu {
  return {
    index: 0,
    uuid: "g0",
    name: "NVIDIA L4",
    vram_bytes: 22 * gib,
    vram_used_bytes: 0,
    driver_version: "570",
    compute_capability: "8.9",
    mig: false,
    pci_bus_id: "0000:3b:00",
    ...changes,
  };
}

export function gpuSampleWith(changes: Partial<GpuSample> = {}): GpuSample {
  return {
    uuid: "g0",
    utilization_ratio: 0,
    memory_used_bytes: 0,
    temperature_celsius: 40,
    power_watts: 30,
    power_limit_watts: 72,
    sm_clock_mhz: 300,
    memory_clock_mhz: 405,
    ecc_corrected: 0,
    ecc_uncorrected: 0,
    throttle_reasons: [],
    processes: [],
    ...changes,
  };
}
