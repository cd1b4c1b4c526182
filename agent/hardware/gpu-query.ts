/**
 * What nvidia-smi is asked about GPUs, and how its lines are read. Pure.
 *
 * Fields as in `nvidia-smi --help-query-gpu`, nvidia-smi(1) of driver 610.43. Names change: until driver 535
 * `clocks_event_reasons` were `clocks_throttle_reasons` (utkuozdemir/nvidia_gpu_exporter#123), and older
 * drivers have no `compute_cap`. A driver that does not know a field says which and ends, so we ask again.
 */
import type { Gpu, GpuSample } from "../contract/protocol/messages.ts";

export interface GpuReading {
  gpu: Gpu;
  /** Without processes: they are asked for apart. */
  sample: GpuSample;
}

const mib = 1024 * 1024;

export const gpuFields: readonly string[] = [
  ...["index", "uuid", "name", "memory.total", "memory.used", "driver_version"],
  ...["pci.bus_id", "compute_cap", "mig.mode.current", "utilization.gpu", "temperature.gpu"],
  ...["power.draw", "power.limit", "clocks.sm", "clocks.mem"],
  ...["ecc.errors.corrected.volatile.total", "ecc.errors.uncorrected.volatile.total"],
  "clocks_event_reasons.active",
];

const olderName: Readonly<Record<string, string>> = {
  "clocks_event_reasons.active": "clocks_throttle_reasons.active",
};

/** The field that the driver refused in this line of its output; undefined when it refused none. */
export function refusedField(line: string): string | undefined {
  return /^Field "([^"]+)" is not a valid field to query/.exec(line)?.[1];
}

/** FIELDS with an older name in the place of REFUSED, or without it. */
export function withoutField(fields: readonly string[], refused: string): string[] {
  return fields.flatMap((field) => (field === refused ? (olderName[field] ?? []) : field));
}

/**
 * The bus of a GPU that answers no more, named in an error line. Without it, `-i` with the others still works
 * ("nvidia-smi -i can now query information from healthy GPU", changes of 4.319 in nvidia-smi(1)).
 */
export function lostBusId(line: string): string | undefined {
  const found =
    /device handle for GPU ?(?:\d{1,3}: ?)?([0-9a-f]{4,8}:[0-9a-f]{2}:[0-9a-f]{2})/i.exec(
      line,
    )?.[1];
  return found === undefined ? undefined : kernelBusId(found);
}

export const gpuArguments = (fields: readonly string[], interval_ms: number): string[] => [
  `--query-gpu=${fields.join(",")}`,
  "--format=csv,noheader,nounits",
  "-lms",
  String(interval_ms),
];

/**
 * One line of the answer. Undefined for a line that is no GPU, or one that has fallen off the bus. What the
 * driver does not give ("[N/A]", "[Not Supported]": MIG, shared memory, consumer cards) counts as 0.
 */
export function parseGpuLine(fields: readonly string[], line: string): GpuReading | undefined {
  const values = line.split(",").map((value) => value.trim());
  const said = (field: string): string => values[fields.indexOf(field)] ?? "";
  const number = (field: string): number => numberIn(said(field));
  const index = said("index");
  const uuid = said("uuid");
  if (!/^\d+$/.test(index) || !/^(?:GPU|MIG)-/.test(uuid)) return undefined;
  if (/lost|requires reset|unknown error/i.test(said("memory.used"))) return undefined;
  const memory_used_bytes = number("memory.used") * mib;
  const reasons = said("clocks_event_reasons.active") || said("clocks_throttle_reasons.active");
  return {
    gpu: {
      index: Number(index),
      uuid,
      name: said("name"),
      vram_bytes: number("memory.total") * mib,
      vram_used_bytes: memory_used_bytes,
      driver_version: textIn(said("driver_version")),
      compute_capability: textIn(said("compute_cap")),
      mig: said("mig.mode.current") === "Enabled",
      pci_bus_id: kernelBusId(said("pci.bus_id")),
    },
    sample: {
      uuid,
      utilization_ratio: number("utilization.gpu") / 100,
      memory_used_bytes,
      temperature_celsius: number("temperature.gpu"),
      power_watts: number("power.draw"),
      power_limit_watts: number("power.limit"),
      sm_clock_mhz: number("clocks.sm"),
      memory_clock_mhz: number("clocks.mem"),
      ecc_corrected: number("ecc.errors.corrected.volatile.total"),
      ecc_uncorrected: number("ecc.errors.uncorrected.volatile.total"),
      throttle_reasons: throttleReasons(reasons),
      processes: [],
    },
  };
}

/** nvmlClocksEventReasons of nvml.h. That nothing runs (1) and clocks that people have set (2) are no throttling. */
const reasonBits: readonly (readonly [number, string])[] = [
  [0x4, "sw_power_cap"],
  [0x8, "hw_slowdown"],
  [0x10, "sync_boost"],
  [0x20, "sw_thermal_slowdown"],
  [0x40, "hw_thermal_slowdown"],
  [0x80, "hw_power_brake_slowdown"],
];

function throttleReasons(mask: string): string[] {
  if (!/^0x[0-9a-f]{1,16}$/i.test(mask)) return [];
  const bits = Number(BigInt(mask) & 0xffffn);
  return reasonBits.flatMap(([bit, name]) => ((bits & bit) === 0 ? [] : name));
}

/**
 * `00000000:3B:00.0` as the kernel's log has it: `0000:3b:00`. Its domain has eight digits here and four
 * there, and its function is left out.
 */
export function kernelBusId(id: string): string {
  const parts = /^([0-9a-f]{4,8}):([0-9a-f]{2}):([0-9a-f]{2})(?:\.[0-7])?$/i.exec(id);
  if (parts === null) return "";
  const [, domain = "", bus, device] = parts;
  return `${domain.slice(-4)}:${bus}:${device}`.toLowerCase();
}

const numberIn = (value: string): number => (/^\d+(?:\.\d+)?$/.test(value) ? Number(value) : 0);
const textIn = (value: string): string => (value.startsWith("[") ? "" : value);
