/** How an endpoint is doing, in a badge and, while it starts, a bar. */
import type { EndpointView, Status } from "../../../src/http.ts";
import { Badge, type Tone } from "../../badge.tsx";
import { bytes, bytesOf, duration } from "../../format.ts";
import { Meter } from "../../meter.tsx";

const words: Record<Status, [tone: Tone, word: string]> = {
  building: ["warn", "BUILDING"],
  up: ["good", "UP"],
  sleeping: ["quiet", "SLEEPING"],
  waking_up: ["warn", "WAKING UP"],
  updating: ["warn", "UPDATING"],
  draining: ["quiet", "DRAINING"],
  paused: ["quiet", "PAUSED"],
  failed: ["bad", "FAILED"],
  deleting: ["quiet", "DELETING"],
};

export function EndpointState({ endpoint }: { endpoint: EndpointView }) {
  const [tone, word] = words[endpoint.status];
  return (
    <Badge tone={tone}>
      {word}
      {endpoint.phase && ` · ${endpoint.phase}`}
      {endpoint.status === "sleeping" && endpoint.depth === "l1" && " · in place"}
    </Badge>
  );
}

export function Progress({ endpoint: { progress } }: { endpoint: EndpointView }) {
  if (!progress) return null;
  const { downloaded_bytes, download_bytes, bytes_per_s, eta_s } = progress;
  const known = download_bytes > 0;
  const left = eta_s === null ? "" : `, ${duration(eta_s * 1000)} left`;
  const amount = known ? bytesOf(downloaded_bytes, download_bytes) : bytes(downloaded_bytes);
  return (
    <Meter
      label="Download"
      text={`${amount} at ${bytes(bytes_per_s)}/s${left}`}
      ratio={known ? downloaded_bytes / download_bytes : null}
    />
  );
}

/** What a request to it would wait now. */
export function wakeWords({ wake }: EndpointView): string {
  return wake
    ? `wakes in ${duration(wake.p50_ms)} (p95 ${duration(wake.p95_ms)} of ${wake.count})`
    : "no wake measured yet";
}
