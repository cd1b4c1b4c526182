/** What a request gets from a model that has no ready replica. Pure. */
import { Failure, modelNotFound } from "../../shared/failure.ts";
import type { RoutedEndpoint, RoutedModel } from "./snapshot.ts";

export interface Unavailable {
  failure: Failure;
  /** Whether a request waits when it does not say; `never` where no waiting helps. */
  cold_start: "hold" | "fail" | "never";
}

/** Where no wake has been measured. */
const unknown_wake_ms = 30_000;

export const expectedWakeMs = ({ wake_p95_ms }: RoutedEndpoint): number =>
  wake_p95_ms ?? unknown_wake_ms;

const resting: ReadonlySet<string> = new Set(["sleeping", "paused", "failed", "deleting"]);

/** Whether requests go to ready replicas, should there be any; null is Elastic. */
export const isServing = (endpoint: RoutedEndpoint | null): boolean =>
  !endpoint || !resting.has(endpoint.standing);

export function unavailable({
  endpoint,
  reason,
  name,
}: Pick<RoutedModel, "endpoint" | "reason" | "name">): Unavailable {
  if (!endpoint) return { failure: starting(reason, 5), cold_start: "never" };
  switch (endpoint.standing) {
    case "deleting":
      return { failure: modelNotFound(name), cold_start: "never" };
    case "paused":
      return { failure: paused(), cold_start: "never" };
    case "failed":
      return { failure: failed(endpoint, reason), cold_start: "never" };
    case "building":
      // Minutes, as a rule: only who asks to be held is.
      return { failure: starting(reason, seconds(expectedWakeMs(endpoint))), cold_start: "fail" };
    case "sleeping":
    case "waking_up":
      return { failure: wakingUp(endpoint), cold_start: endpoint.cold_start };
    case "up":
    case "updating":
    case "draining":
      if (endpoint.unschedulable) return { failure: noHost(reason), cold_start: "never" };
      return { failure: starting(reason, 5), cold_start: endpoint.cold_start };
  }
}

/** With ready replicas, all of them have just been tried. */
export const noneLeft = (): Failure =>
  new Failure(503, "No replica of this model can take the request. Try again shortly.", {
    code: "overloaded",
    headers: { "retry-after": "1" },
  });

/** Too many requests wait for ENDPOINT already. */
export function tooManyWaiting(endpoint: RoutedEndpoint): Failure {
  return new Failure(503, "Too many requests wait for this model already. Try again later.", {
    code: "overloaded",
    headers: { "retry-after": String(seconds(expectedWakeMs(endpoint))) },
  });
}

function starting(reason: string | null, retry_after_s: number): Failure {
  return new Failure(503, reason ?? "The model is starting. Try again in a few seconds.", {
    code: "model_starting",
    headers: { "retry-after": String(retry_after_s) },
  });
}

/** Its hosts were removed or are down. It comes back by itself with a host that can take it. */
const noHost = (reason: string | null): Failure =>
  new Failure(503, `No host can run this model now. ${reason ?? ""}`.trimEnd(), {
    code: "no_capacity",
    headers: { "retry-after": "30" },
  });

function wakingUp(endpoint: RoutedEndpoint): Failure {
  const retry_after_s = seconds(expectedWakeMs(endpoint));
  const known = endpoint.wake_p95_ms === null ? "" : "at most ";
  return new Failure(
    503,
    `The model is waking up, in ${known}about ${retry_after_s} s. Try again then, or send the header X-Scale-Up-Timeout with how many seconds you can wait.`,
    { code: "model_waking_up", headers: { "retry-after": String(retry_after_s) } },
  );
}

const paused = (): Failure =>
  new Failure(503, "This endpoint is paused. Its owner or an admin can resume it.", {
    code: "endpoint_paused",
    headers: { "x-should-retry": "false" },
  });

function failed({ cause }: RoutedEndpoint, reason: string | null): Failure {
  const why = reason ?? "Its page on the dashboard says why.";
  return new Failure(503, `This endpoint failed (${cause}). ${why}`, {
    code: "endpoint_failed",
    headers: { "x-should-retry": "false" },
  });
}

const seconds = (ms: number): number => Math.max(1, Math.ceil(ms / 1_000));
