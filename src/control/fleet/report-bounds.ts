/**
 * What an agent reports is kept in memory and shown to people, so it is cut to what a sound agent would
 * say: a broken one, or a host in the wrong hands, must not take the control plane down. A word that is
 * not of the contract becomes one that is; nothing here throws. Pure.
 */
import { soundLabels } from "../../../agent/contract/protocol/labels.ts";
import type {
  Cause,
  GpuSample,
  Heartbeat,
  Hello,
  Inventory,
  LogLines,
  Observed,
  ObservedReplica,
  ReplicaState,
  RuntimeFound,
  StartPhase,
} from "../../../agent/contract/protocol/messages.ts";

const most_replicas = 10_000;
const most_sources = 10_000;
const most_devices = 64;
const most_processes = 64;
const most_reasons = 16;
const most_xids = 64;
const log_tail_lines = 50;
const log_lines = 1000;
const log_line_chars = 2048;
const sentence_chars = 500;
const name_chars = 200;
/** No machine has so much memory, and placement reserves by what was measured. */
const most_bytes = 2 ** 50;

/** By key, so that none is forgotten. */
const state_names: Readonly<Record<ReplicaState, true>> = {
  starting: true,
  ready: true,
  falling_asleep: true,
  asleep: true,
  stopping: true,
  crashed: true,
  failed: true,
};
const phase_names: Readonly<Record<StartPhase, true>> = {
  "": true,
  downloading: true,
  loading: true,
  warming: true,
  waking: true,
};
const causes: readonly string[] = [
  "",
  "out_of_memory",
  "gated_model",
  "not_found",
  "disk_full",
  "no_capacity",
  "driver",
  "runtime_crash",
  "timeout",
  "download",
  "config",
] satisfies Cause[];

export function boundedHello({
  agent_version,
  inventory,
  relay_port,
  labels,
  tunnel,
  network = "",
}: Hello): Hello {
  return {
    agent_version: cut(agent_version, name_chars),
    inventory: boundedInventory(inventory),
    relay_port,
    labels: soundLabels(labels),
    tunnel,
    network: cut(network, name_chars),
  };
}

export function boundedHeartbeat({
  gpus,
  xids,
  damaged_sources,
  ...heartbeat
}: Heartbeat): Heartbeat {
  return {
    ...numbers(heartbeat),
    damaged_sources: damaged_sources
      .slice(0, most_devices)
      .map((source) => cut(source, sentence_chars)),
    gpus: gpus.slice(0, most_devices).map(boundedGpu),
    xids: xids
      .slice(-most_xids)
      .map((xid) => ({ ...numbers(words(xid)), text: cut(xid.text, sentence_chars) })),
  };
}

function boundedGpu({ processes, throttle_reasons, ...sample }: GpuSample): GpuSample {
  return {
    ...numbers(words(sample)),
    throttle_reasons: throttle_reasons.slice(0, most_reasons).map((each) => cut(each, name_chars)),
    processes: processes.slice(0, most_processes).map((process) => numbers(words(process))),
  };
}

export function boundedObserved({ generation, replicas, sources }: Observed): Observed {
  return {
    generation,
    replicas: replicas.slice(0, most_replicas).map(boundedReplica),
    // A source that is cut would be another one.
    sources: sources.filter((source) => source.length <= sentence_chars).slice(0, most_sources),
  };
}

export function boundedLog({ follow_id, lines, dropped, ended }: LogLines): LogLines {
  const kept = lines.slice(-log_lines).map((line) => cut(line, log_line_chars));
  return { follow_id, lines: kept, dropped: dropped + lines.length - kept.length, ended };
}

function boundedReplica(replica: ObservedReplica): ObservedReplica {
  const { id, state, host, cause, detail, log_tail, phase } = replica;
  return {
    ...replica,
    id: cut(id, name_chars),
    state: Object.hasOwn(state_names, state) ? state : "failed",
    // The agent relays to its own loopback, and so do we where it is ours: no other address is dialled.
    host: host === "127.0.0.1" ? host : "",
    port: boundedWhole(replica.port, 65_535),
    listener: boundedWhole(replica.listener ?? 0, Number.MAX_SAFE_INTEGER),
    cause: causes.includes(cause) ? cause : "runtime_crash",
    detail: cut(detail, sentence_chars),
    log_tail: log_tail.slice(-log_tail_lines).map((line) => cut(line, sentence_chars)),
    phase: Object.hasOwn(phase_names, phase) ? phase : "",
    gpu_memory_bytes: boundedWhole(replica.gpu_memory_bytes, most_bytes),
    memory_bytes: boundedWhole(replica.memory_bytes, most_bytes),
  };
}

function boundedInventory(inventory: Inventory): Inventory {
  return {
    ...words(inventory),
    gpus: inventory.gpus.slice(0, most_devices).map(words),
    runtimes: inventory.runtimes.slice(0, most_devices).map(boundedRuntime),
  };
}

const boundedWhole = (count: number, most: number): number =>
  Number.isSafeInteger(count) && count >= 0 && count <= most ? count : 0;

function boundedRuntime(runtime: RuntimeFound): RuntimeFound {
  if (runtime.devices === undefined) return words(runtime);
  const devices = runtime.devices.slice(0, most_devices).map((device) => ({
    ...words(device),
    memory_bytes: boundedWhole(device.memory_bytes, most_bytes),
  }));
  return { ...words(runtime), devices };
}

/** THING with every text in it cut. */
function words<Thing extends object>(thing: Thing): Thing {
  const entries = Object.entries(thing).map(([key, value]) => [
    key,
    typeof value === "string" ? cut(value, name_chars) : value,
  ]);
  return Object.fromEntries(entries) as Thing;
}

/** THING with every number in it one that can be summed and plotted. */
function numbers<Thing extends object>(thing: Thing): Thing {
  const entries = Object.entries(thing).map(([key, value]) => [
    key,
    typeof value === "number" && !(Number.isFinite(value) && value >= 0) ? 0 : value,
  ]);
  return Object.fromEntries(entries) as Thing;
}

/** A copy: a slice of a string keeps all of the string alive in JavaScriptCore. */
function cut(text: string, chars: number): string {
  return text.length <= chars ? text : Buffer.from(text.slice(0, chars)).toString();
}
