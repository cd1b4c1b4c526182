/** What is so right now on hosts and their GPUs. Pure. */
import type { GpuSample } from "../../../../agent/contract/protocol/messages.ts";
import { Family } from "./exposition.ts";
import type { XidCount } from "./xid-counts.ts";

export interface HostSnapshot {
  name: string;
  up: boolean;
  /** Null for a host that never connected. */
  heartbeat_age_s: number | null;
  /** Null while it is down, or before it has said. */
  weights: { cache_used_bytes: number; download_bytes_total: number } | null;
  /** SAMPLE: null while it is not known. */
  gpus: readonly { index: number; uuid: string; sample: GpuSample | null }[];
  /** Since our own start. */
  xids: readonly XidCount[];
}

type Measure = readonly [name: string, help: string, value: (sample: GpuSample) => number];

const measures: readonly Measure[] = [
  ["gpu_memory_used_bytes", "Memory in use, whoever uses it.", (s) => s.memory_used_bytes],
  ["gpu_utilization_ratio", "Share of time that something ran.", (s) => s.utilization_ratio],
  ["gpu_temperature_celsius", "Of the core.", (s) => s.temperature_celsius],
  ["gpu_power_watts", "Power drawn.", (s) => s.power_watts],
];

export function hostGauges(hosts: readonly HostSnapshot[]): Family[] {
  const up = new Family("host_up", "gauge", "1 while a host is heard from.");
  const age = new Family("heartbeat_age_seconds", "gauge", "Since a host was last heard.");
  const cache = new Family("cache_used_bytes", "gauge", "Weights on a host's disk.");
  const downloaded = new Family(
    "download_bytes_total",
    "counter",
    "Bytes of weights that a host has fetched, from the hub or from other hosts.",
  );
  for (const { name: host, up: isUp, heartbeat_age_s, weights } of hosts) {
    up.add({ host }, isUp ? 1 : 0);
    if (heartbeat_age_s !== null) age.add({ host }, heartbeat_age_s);
    if (weights) cache.add({ host }, weights.cache_used_bytes);
    if (weights) downloaded.add({ host }, weights.download_bytes_total);
  }
  return [up, age, cache, downloaded, ...gpuGauges(hosts), xidCounters(hosts)];
}

/** Nothing of a GPU whose host is down or whose driver does not answer: an old number would look like a new one. */
function gpuGauges(hosts: readonly HostSnapshot[]): Family[] {
  const gauges = measures.map(([name, help]) => new Family(name, "gauge", help));
  const ecc = new Family("gpu_ecc_errors_total", "counter", "Since the driver was loaded.");
  const gpus = hosts.flatMap(({ name: host, gpus }) => gpus.map((gpu) => ({ ...gpu, host })));
  for (const { host, index, uuid, sample } of gpus) {
    if (!sample) continue;
    const labels = { host, gpu: String(index), uuid };
    for (const [i, [, , value]] of measures.entries()) gauges[i]?.add(labels, value(sample));
    ecc.add({ ...labels, kind: "corrected" }, sample.ecc_corrected);
    ecc.add({ ...labels, kind: "uncorrected" }, sample.ecc_uncorrected);
  }
  return [...gauges, ecc];
}

function xidCounters(hosts: readonly HostSnapshot[]): Family {
  const family = new Family("gpu_xid_errors_total", "counter", "XID errors in the kernel's log.");
  for (const { name: host, gpus, xids } of hosts) {
    for (const { gpu_uuid: uuid, code, count } of xids) {
      const gpu = String(gpus.find((known) => known.uuid === uuid)?.index ?? "");
      family.add({ host, gpu, uuid, code: String(code) }, count);
    }
  }
  return family;
}
