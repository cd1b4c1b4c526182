/**
 * What changed, as it changes: one EventSource, and a counter per topic that goes up with each event.
 * Events carry no data, so after a gap in the connection all counters go up: anything may have changed.
 */
import { type Signal, signal } from "@preact/signals";
import { openEvents } from "./api.ts";

export type Topic = "hosts" | "models" | "usage" | "keys" | "endpoints" | "settings";

const topics: readonly Topic[] = ["hosts", "models", "usage", "keys", "endpoints", "settings"];

export const changes: Record<Topic, Signal<number>> = {
  hosts: signal(0),
  models: signal(0),
  usage: signal(0),
  keys: signal(0),
  endpoints: signal(0),
  settings: signal(0),
};

/** `connecting` only before the first connection; after that a loss is said as a loss. */
export const connection = signal<"connecting" | "live" | "lost">("connecting");

const retry_first_ms = 1_000;
const retry_longest_ms = 15_000;

let source: EventSource | undefined;
let retry: ReturnType<typeof setTimeout> | undefined;
let retry_ms = retry_first_ms;

/** Starts, or does nothing when it has. PROBE runs before each retry; it notices an ended session. */
export function startLive(probe: () => void): void {
  if (source) return;
  const opened = openEvents();
  source = opened;
  opened.onopen = () => {
    if (connection.value === "lost") for (const topic of topics) changes[topic].value += 1;
    connection.value = "live";
    retry_ms = retry_first_ms;
  };
  opened.onerror = () => {
    connection.value = "lost";
    // EventSource gives up for good on any status but 200 (HTML, "fail the connection"), so retries
    // are ours: also through a proxy that answers 502 while the appliance restarts.
    opened.close();
    retry = setTimeout(() => {
      source = undefined;
      probe();
      startLive(probe);
    }, retry_ms);
    retry_ms = Math.min(retry_ms * 2, retry_longest_ms);
  };
  for (const topic of topics) {
    opened.addEventListener(topic, () => {
      changes[topic].value += 1;
    });
  }
}

export function stopLive(): void {
  clearTimeout(retry);
  source?.close();
  source = undefined;
  retry_ms = retry_first_ms;
  connection.value = "connecting";
}
