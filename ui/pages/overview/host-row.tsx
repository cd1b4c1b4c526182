/** One host: whether it is there, how full it is, and its GPUs. */

import type { HostView } from "../../../src/app/control-api.ts";
import { Badge } from "../../badge.tsx";
import { ago, bytes, bytesOf, percent, plural } from "../../format.ts";
import { Meter } from "../../meter.tsx";
import { now } from "../../now.ts";

export function HostRow({ host }: { host: HostView }) {
  return (
    <li class="host">
      <div class="host-name">
        <p>
          <strong>{host.name}</strong> <HostState host={host} />
        </p>
        <HostAbout host={host} />
      </div>
      <HostLoad host={host} />
    </li>
  );
}

export function HostState({ host }: { host: HostView }) {
  if (host.status === "down") return <Badge tone="bad">Down</Badge>;
  if (host.draining) return <Badge tone="warn">Draining</Badge>;
  return host.cordoned ? <Badge tone="warn">Cordoned</Badge> : <Badge tone="good">Up</Badge>;
}

export function HostAbout({ host }: { host: HostView }) {
  return (
    <div>
      <p class="detail">{described(host)}</p>
      {host.problem && <p class="sentence bad">{host.problem}</p>}
    </div>
  );
}

function described({ inventory, last_seen_at, status, replicas }: HostView): string {
  const ready = replicas.filter(({ state }) => state === "ready").length;
  const parts = [
    ...(status === "down" ? [`last seen ${ago(last_seen_at, now.value)}`] : []),
    ...(inventory ? [`${inventory.os} ${inventory.arch}`] : ["has not reported yet"]),
    ...(inventory && inventory.gpus.length === 0 ? ["no GPU"] : []),
    ...(status === "up" ? [plural(ready, "ready replica")] : []),
  ];
  return parts.join(" · ");
}

/** Nothing for a host that is down: the last numbers of a dead machine say nothing of now. */
export function HostLoad({ host: { inventory, heartbeat, status } }: { host: HostView }) {
  if (!inventory || status === "down") return null;
  const { cpu_count, cpu_model, memory_bytes, disk_bytes, gpus } = inventory;
  const disk_free_bytes = heartbeat?.disk_free_bytes ?? inventory.disk_free_bytes;
  return (
    <>
      <div class="host-meters">
        <Meter
          label="CPU"
          text={
            heartbeat
              ? `${percent(heartbeat.cpu_ratio)} of ${plural(cpu_count, "core")}`
              : plural(cpu_count, "core")
          }
          ratio={heartbeat?.cpu_ratio ?? null}
          title={cpu_model}
        />
        <Meter label="Memory" {...share(heartbeat?.memory_used_bytes, memory_bytes)} />
        <Meter label="Disk" {...share(disk_bytes - disk_free_bytes, disk_bytes)} />
      </div>
      {gpus.length > 0 && <Gpus gpus={gpus} samples={heartbeat?.gpus ?? []} />}
    </>
  );
}

function share(used: number | undefined, total: number): { text: string; ratio: number | null } {
  if (used === undefined || total === 0) return { text: bytes(total), ratio: null };
  return { text: bytesOf(used, total), ratio: used / total };
}

interface GpusProps {
  gpus: NonNullable<HostView["inventory"]>["gpus"];
  samples: NonNullable<HostView["heartbeat"]>["gpus"];
}

function Gpus({ gpus, samples }: GpusProps) {
  const usedOf = ({ uuid, vram_used_bytes }: (typeof gpus)[number]): number =>
    samples.find((sample) => sample.uuid === uuid)?.memory_used_bytes ?? vram_used_bytes;
  return (
    <ul class="gpus" aria-label="GPU memory">
      {gpus.map((gpu) => (
        <li key={gpu.uuid}>
          <Meter
            label={`GPU ${gpu.index}`}
            title={`${gpu.name}, driver ${gpu.driver_version}`}
            {...share(usedOf(gpu), gpu.vram_bytes)}
          />
        </li>
      ))}
    </ul>
  );
}
