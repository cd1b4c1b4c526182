/** How an endpoint is doing, in a badge and a sentence. */
import type { EndpointView, Status } from "../../../src/app/control-api.ts";
import { Badge, type Tone } from "../../badge.tsx";
import { duration } from "../../format.ts";

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

/** What a request to it would wait now. */
export function wakeWords({ wake }: EndpointView): string {
  return wake
    ? `wakes in ${duration(wake.p50_ms)} (p95 ${duration(wake.p95_ms)} of ${wake.count})`
    : "no wake measured yet";
}
