/** What pause, resume, sleep and wake mean for an endpoint, or why they cannot be. Pure. */
import { Failure } from "../../../shared/failure.ts";
import type { Endpoint } from "./endpoint.ts";
import { refuseDeleting } from "./permission.ts";
import type { Intent } from "./status.ts";

export const orders = ["pause", "resume", "sleep", "wake"] as const;
export type Order = (typeof orders)[number];

export interface Ordered {
  intent: Intent;
  /** Start it now. */
  wake: boolean;
}

/** Throws 409 with a sentence that says what to do instead. */
export function ordered(endpoint: Endpoint, order: Order): Ordered {
  refuseDeleting(endpoint);
  const { status } = endpoint.standing;
  switch (order) {
    case "pause":
      return { intent: "pause", wake: false };
    case "resume":
      return { intent: "run", wake: status === "failed" || status === "sleeping" };
    case "sleep":
      refuseStopped(endpoint);
      refuseKeptUp(endpoint);
      return { intent: "sleep", wake: false };
    case "wake":
      refuseStopped(endpoint);
      return { intent: "run", wake: status === "sleeping" };
  }
}

/** Also one whose pause has not come to effect yet. */
function refuseStopped({ name, standing: { status, intent } }: Endpoint): void {
  const stopped = intent === "pause" ? "paused" : status;
  if (stopped !== "paused" && stopped !== "failed") return;
  throw refused(
    `${name} is ${stopped} and runs nothing. Resume it to start it again.`,
    `endpoint_${stopped}`,
  );
}

function refuseKeptUp({ name, spec: { min_replicas } }: Endpoint): void {
  if (min_replicas === 0) return;
  throw refused(
    `${name} keeps at least ${min_replicas} running. Set \`min_replicas\` to 0 first, or pause it.`,
    "min_replicas",
  );
}

const refused = (message: string, code: string): Failure => new Failure(409, message, { code });
