/** One host: whether it is there, how full it is, and its GPUs. */
import { Badge } from "../../badge.tsx";
import { ago, bytes, bytesOf, percent, plural } from "../../format.ts";
import type { GpuView, HostView } from "../../host.ts";
import { Meter } from "../../meter.tsx";
import { now } from "../../now.ts";

export function HostRow({ host }: { host: HostView }) {
  const { inventory, heartbeat } = host;
  return (
    <li class="host">
      <div class="host-name">
        <p>
          <strong>{host.name}</strong> <HostState host={host} />
        </p>
        <p class="detail">{described(host)}</p>
      </div>
      {inventory && (
        <div class="host-meters">
          <Meter
            label="CPU"
            text={
              heartbeat
                ? `${percent(heartbeat.cpu_ratio)} of ${inventory.cpu_count}`
                : `${inventory.cpu_count} cores`
            }
            ratio={heartbeat?.cpu_ratio ?? null}
            title={inventory.cpu_model}
          />
          <Meter label="Memory" {...share(heartbeat?.memory_used_bytes, inventory.memory_bytes)} />
          <Meter
            label="Disk"
            {...share(
              inventory.disk_bytes - (heartbeat?.disk_free_bytes ?? inventory.disk_free_bytes),
              inventory.disk_bytes,
            )}
          />
        </div>
      )}
      {inventory && inventory.gpus.length > 0 && <Gpus gpus={inventory.gpus} />}
    </li>
  );
}

export function HostState({ host }: { host: HostView }) {
  if (host.status === "down") return <Badge tone="bad">Down</Badge>;
  return host.cordoned ? <Badge tone="warn">Cordoned</Badge> : <Badge tone="good">Up</Badge>;
}

function described({ inventory, last_seen_at, status, replicas }: HostView): string {
  const parts = [
    ...(status === "down" ? [`last seen ${ago(last_seen_at, now.value)}`] : []),
    ...(inventory ? [`${inventory.os} ${inventory.arch}`] : ["has not reported yet"]),
    ...(inventory && inventory.gpus.length === 0 ? ["no GPU"] : []),
    plural(replicas.filter(({ state }) => state === "ready").length, "ready replica"),
  ];
  return parts.join(" · ");
}

function share(used: number | undefined, total: number): { text: string; ratio: number | null } {
  if (used === undefined || total === 0) return { text: bytes(total), ratio: null };
  return { text: bytesOf(used, total), ratio: used / total };
}

function Gpus({ gpus }: { gpus: readonly GpuView[] }) {
  return (
    <ul class="gpus" aria-label="GPU memory">
      {gpus.map((gpu) => (
        <li key={gpu.uuid}>
          <Meter
            label={`GPU ${gpu.index}`}
            title={`${gpu.name}, driver ${gpu.driver_version}`}
            {...share(gpu.vram_used_bytes, gpu.vram_bytes)}
          />
        </li>
      ))}
    </ul>
  );
}
