/** Errors that the NVIDIA driver wrote into the host's kernel log, explained. */
import type { HostView } from "../../../src/app/control-api.ts";
import { Badge, type Tone } from "../../badge.tsx";
import { ago, plural } from "../../format.ts";
import { now } from "../../now.ts";

const tones: Record<HostView["xids"][number]["severity"], Tone> = {
  note: "quiet",
  warning: "warn",
  critical: "bad",
};

export function Xids({ host: { xids, inventory } }: { host: HostView }) {
  if (xids.length === 0) return null;
  const nameOf = (uuid: string): string => {
    const gpu = inventory?.gpus.find((known) => known.uuid === uuid);
    return gpu ? `GPU ${gpu.index}` : uuid || "a GPU";
  };
  const isGrave = xids.some(({ severity }) => severity !== "note");
  return (
    <details class="log xids" open={isGrave}>
      <summary>{plural(xids.length, "XID error")} since it booted</summary>
      <ul class="processes">
        {xids.map(({ at_ms, gpu_uuid, code, text, meaning, advice, severity }) => (
          <li key={`${at_ms} ${gpu_uuid} ${code} ${text}`}>
            <p>
              <Badge tone={tones[severity]}>XID {code}</Badge> <strong>{nameOf(gpu_uuid)}</strong>:{" "}
              {meaning} <span class="detail">{ago(at_ms, now.value)}</span>
            </p>
            <p class="detail mono">{text}</p>
            <p class="sentence">{advice}</p>
          </li>
        ))}
      </ul>
    </details>
  );
}
