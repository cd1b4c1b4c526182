/** The GPUs of a host: what each does now, its last hour, and who uses it. */
import type { HostView } from "../../../src/app/control-api.ts";
import { Badge } from "../../badge.tsx";
import { bytes, count, percent, plural } from "../../format.ts";
import { gpuSeriesQuery } from "../../host-api.ts";
import { Loaded } from "../../notice.tsx";
import { useRemote } from "../../remote.ts";
import { Sparkline } from "../../sparkline.tsx";

type Gpu = NonNullable<HostView["inventory"]>["gpus"][number];
type Sample = NonNullable<HostView["heartbeat"]>["gpus"][number];

export function Gpus({ host }: { host: HostView }) {
  const gpus = host.inventory?.gpus ?? [];
  if (gpus.length === 0) return null;
  const samples = host.status === "up" ? (host.heartbeat?.gpus ?? []) : [];
  return (
    <ul class="rows" aria-label="GPUs">
      {gpus.map((gpu) => (
        <OneGpu
          key={gpu.uuid}
          host={host}
          gpu={gpu}
          sample={samples.find(({ uuid }) => uuid === gpu.uuid)}
        />
      ))}
    </ul>
  );
}

interface OneGpuProps {
  host: HostView;
  gpu: Gpu;
  sample: Sample | undefined;
}

function OneGpu({ host, gpu, sample }: OneGpuProps) {
  return (
    <li class="gpu">
      <p>
        <strong>GPU {gpu.index}</strong> {gpu.name}{" "}
        {!sample && host.status === "up" && <Badge tone="bad">Does not answer</Badge>}
        {gpu.mig && <Badge tone="quiet">MIG</Badge>}
        {sample?.throttle_reasons.map((reason) => (
          <Badge key={reason} tone={reason === "sw_power_cap" ? "quiet" : "warn"}>
            {reason.replaceAll("_", " ")}
          </Badge>
        ))}
      </p>
      <p class="detail">{facts(gpu, sample)}</p>
      <LastHour host_id={host.id} gpu={gpu} limit_watts={sample?.power_limit_watts ?? 0} />
      {sample && <Processes host={host} sample={sample} />}
    </li>
  );
}

function facts(gpu: Gpu, sample: Sample | undefined): string {
  const { driver_version, compute_capability, uuid, pci_bus_id } = gpu;
  const ecc = sample ? sample.ecc_corrected + sample.ecc_uncorrected : 0;
  return [
    ...(sample ? [`${sample.sm_clock_mhz} MHz, memory ${sample.memory_clock_mhz} MHz`] : []),
    ...(sample && ecc > 0
      ? [
          `memory errors: ${count(sample.ecc_corrected)} corrected, ${count(sample.ecc_uncorrected)} not`,
        ]
      : []),
    ...(driver_version ? [`driver ${driver_version}`] : []),
    ...(compute_capability ? [`compute ${compute_capability}`] : []),
    ...[pci_bus_id, uuid].filter(Boolean),
  ].join(" · ");
}

const celsius = (value: number): string => `${Math.round(value)} °C`;
const watts = (value: number): string => `${Math.round(value)} W`;

function LastHour(props: { host_id: string; gpu: Gpu; limit_watts: number }) {
  const { host_id, gpu, limit_watts } = props;
  const measures = [
    { metric: "utilization_ratio", name: "Utilisation", words: percent, top: 1 },
    { metric: "memory_used_bytes", name: "Memory", words: bytes, top: gpu.vram_bytes },
    { metric: "temperature_celsius", name: "Temperature", words: celsius, top: 100 },
    { metric: "power_watts", name: "Power", words: watts, top: limit_watts },
  ].map((measure) => ({ ...measure, metric: `gpu_${gpu.index}_${measure.metric}` }));
  const metrics = measures.map(({ metric }) => metric);
  const series = useRemote(gpuSeriesQuery(host_id, metrics));
  return (
    <Loaded from={series} what="measurements">
      {(data) => (
        <div class="sparklines">
          {measures.map((measure) => (
            <Sparkline key={measure.metric} {...measure} of={data} />
          ))}
        </div>
      )}
    </Loaded>
  );
}

function Processes({ host, sample }: { host: HostView; sample: Sample }) {
  const { processes } = sample;
  if (processes.length === 0) return null;
  const strangers = processes.filter(({ replica_id }) => replica_id === "").length;
  const modelOf = (id: string) => host.replicas.find((replica) => replica.id === id)?.model ?? id;
  return (
    <details class="log" open={strangers > 0}>
      <summary>
        {plural(processes.length, "process", "processes")}
        {strangers > 0 && `, ${strangers} not ours`}
      </summary>
      <ul class="processes">
        {processes.map(({ pid, name, memory_bytes, replica_id }) => (
          <li key={pid}>
            <span class="mono">{name || "unknown"}</span> {pid} ·{" "}
            {memory_bytes > 0 ? bytes(memory_bytes) : "memory not told"} ·{" "}
            {replica_id ? modelOf(replica_id) : <Badge tone="warn">not ours</Badge>}
          </li>
        ))}
      </ul>
    </details>
  );
}
