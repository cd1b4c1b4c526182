/** What is wrong with the GPUs of a host just now. Pure. */
import type { Gpu, GpuSample, XidError } from "../../../../agent/contract/protocol/messages.ts";
import { meaningOf } from "../telemetry/xid-codes.ts";
import type { Condition, Severity } from "./alert.ts";
import type { Thresholds, WatchedHost } from "./watched.ts";

/** An error that has not come back for this long is over. */
const xid_fresh_ms = 24 * 3_600_000;

type Named = Pick<Gpu, "index" | "uuid">;
type Fields = Omit<Condition, "key" | "host" | "gpu">;

export function gpuConditions(host: WatchedHost, thresholds: Thresholds, now: number): Condition[] {
  const absent = absence(host);
  const measured = host.gpus.flatMap((gpu) => {
    const sample = host.samples.find(({ uuid }) => uuid === gpu.uuid);
    return sample ? [...ecc(host, gpu, sample), ...throttled(host, gpu, sample, thresholds)] : [];
  });
  return [...absent, ...measured, ...xids(host, now)];
}

/** One alert where no GPU answers: a driver that hangs must not be reported once for each. */
function absence(host: WatchedHost): Condition[] {
  const { gpus, samples, missing } = host;
  const answering = new Set(samples.map(({ uuid }) => uuid));
  // Agents of an earlier version measure nothing, and do not know where a GPU is.
  const isMeasured = gpus.some(({ pci_bus_id }) => pci_bus_id !== "");
  if (answering.size === 0) {
    if (!isMeasured && missing.length === 0) return [];
    return [silent(host, gpus.length + missing.length)];
  }
  const gone = [...gpus.filter(({ uuid }) => !answering.has(uuid)), ...missing];
  return gone.map((gpu) =>
    about(host, gpu, "gpu_lost", {
      kind: "gpu_lost",
      severity: "critical",
      title: `GPU ${gpu.index} is gone`,
      detail: `${gpu.name} (${gpu.uuid}) does not answer any more; the host's other GPUs do.`,
      advice:
        "Look for XID 79 in the kernel's log and restart the host; if it does not come back, check its seating and power.",
    }),
  );
}

const silent = ({ id, name }: WatchedHost, count: number): Condition => ({
  key: `gpu_silent/${id}`,
  kind: "gpu_silent",
  severity: "critical",
  host: { id, name },
  gpu: null,
  title: "no GPU answers",
  detail: `None of its ${count} GPUs has answered for a while.`,
  advice:
    "Run `nvidia-smi` on the host. When it hangs or fails too, restart the host; if that does not help, reinstall the driver.",
});

function ecc(host: WatchedHost, gpu: Gpu, { ecc_uncorrected }: GpuSample): Condition[] {
  if (ecc_uncorrected === 0) return [];
  return [
    about(host, gpu, "gpu_ecc", {
      kind: "gpu_ecc",
      severity: "critical",
      title: `GPU ${gpu.index} has memory errors`,
      detail: `${gpu.name} (${gpu.uuid}) counts ${ecc_uncorrected} memory errors that ECC could not correct since its driver was loaded.`,
      advice:
        "Drain the host and reset the GPU with `nvidia-smi --gpu-reset`; if errors come back, ask the vendor.",
    }),
  ];
}

const heat = ["hw_thermal_slowdown", "sw_thermal_slowdown"];
const power = ["hw_power_brake_slowdown"];

function throttled(
  host: WatchedHost,
  gpu: Gpu,
  sample: GpuSample,
  { power_cap }: Thresholds,
): Condition[] {
  const { throttle_reasons: reasons, temperature_celsius, power_watts, sm_clock_mhz } = sample;
  const hot = reasons.some((reason) => heat.includes(reason));
  const weak = reasons.some(
    (reason) => power.includes(reason) || (power_cap && reason === "sw_power_cap"),
  );
  if (!hot && !weak && !reasons.includes("hw_slowdown")) return [];
  const why = hot ? "it is too hot" : weak ? "it gets too little power" : "the hardware says so";
  return [
    about(host, gpu, "gpu_throttled", {
      kind: "gpu_throttled",
      severity: "warning",
      title: `GPU ${gpu.index} is slowed down`,
      detail: `${gpu.name} (${gpu.uuid}) runs slower because ${why}: ${Math.round(temperature_celsius)} °C, ${Math.round(power_watts)} W, ${sm_clock_mhz} MHz (${reasons.join(", ")}).`,
      advice: hot
        ? "Check the host's fans and air flow, and what else heats it."
        : "Check the host's power supplies and the GPU's power limit.",
    }),
  ];
}

/** One alert for each GPU and severity: errors come in swarms. */
function xids(host: WatchedHost, now: number): Condition[] {
  const fresh = host.xids.filter(({ at_ms }) => now - at_ms < xid_fresh_ms);
  const bySeverity = Map.groupBy(
    fresh.filter(({ code }) => meaningOf(code).severity !== "note"),
    ({ gpu_uuid, code }) => `${gpu_uuid} ${meaningOf(code).severity}`,
  );
  return [...bySeverity.values()].flatMap((found) => {
    const newest = found.toSorted((a, b) => a.at_ms - b.at_ms).at(-1);
    return newest ? [xidCondition(host, newest, found.length)] : [];
  });
}

function xidCondition(host: WatchedHost, xid: XidError, count: number): Condition {
  const { code, gpu_uuid: uuid, text, at_ms } = xid;
  const { severity, meaning, advice } = meaningOf(code);
  const known = [...host.gpus, ...host.missing].find((gpu) => gpu.uuid === uuid);
  const gpu = { index: known?.index ?? -1, uuid };
  const name = known ? `GPU ${known.index}` : "A GPU";
  const more = count > 1 ? ` It is the newest of ${count} in a day.` : "";
  const condition = about(host, gpu, "gpu_xid", {
    kind: "gpu_xid",
    severity: severity as Severity,
    title: `${name} has XID ${code}`,
    detail: `XID ${code}: ${meaning}. The driver said at ${new Date(at_ms).toISOString()}: ${text || "nothing more"}${/[.!]$/.test(text) ? "" : "."}${more}`,
    advice,
  });
  return { ...condition, key: `${condition.key}/${severity}`, gpu: known ? gpu : null };
}

const about = ({ id, name }: WatchedHost, gpu: Named, word: string, fields: Fields): Condition => ({
  key: `${word}/${id}/${gpu.uuid}`,
  host: { id, name },
  gpu: { index: gpu.index, uuid: gpu.uuid },
  ...fields,
});
