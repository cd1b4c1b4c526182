import type { Cause, StartPhase } from "../../../../agent/contract/protocol/messages.ts";
import type { Status } from "../../../shared/endpoint-status.ts";

export type Phase = "placing" | Exclude<StartPhase, "" | "waking">;

/**
 * How deep an endpoint sleeps: `l1`, a process that has given its GPUs back and keeps its weights in the host's
 * memory; `stopped`, nothing runs and the weights are on a disk; `evicted`, they are on none.
 */
export type Depth = "l1" | "stopped" | "evicted";

/** What its owner last said; the status follows. `sleep` is over with the next wake. */
export type Intent = "run" | "sleep" | "pause" | "delete";

/** Where the machine is, with all that it must remember over a restart. Times in ms since the epoch. */
export interface EndpointState {
  status: Status;
  /** Since when it is in this status. */
  since: number;
  intent: Intent;
  /** Replicas that it should have now. */
  target: number;
  /** Empty but for `failed`, and for an update that failed while the old revision serves on. */
  cause: Cause;
  /** One sentence for a person; may also say why something takes long. */
  detail: string;
  /** No host that is up could take a replica of it, however empty; absent in rows of earlier versions. */
  unschedulable?: boolean;
  /** The runtime's last lines, when it failed. */
  log_tail: readonly string[];
  /** Last byte of the last response; the idle clock also never starts before it was up. */
  last_active_at: number;
  /** When the first waiting request, or a person, asked for it to wake; null when nobody does. */
  wake_asked_at: number | null;
  /** While it sleeps, and while it wakes from that; else without meaning. */
  depth: Depth;
  /** Since when nothing is ready, but for moments, although its replicas are not all silent; null while one is. */
  unready_since: number | null;
  /** Since when one is ready again after that; absent in rows of earlier versions. */
  steady_since?: number | null;
}

/** One event row: why an endpoint went from one status to another. */
export interface Transition {
  at: number;
  /** Empty for the first one. */
  from: Status | "";
  to: Status;
  /** One or two words for programs, such as `ready`, `idle`, `request`, `no_capacity`. */
  reason: string;
  detail: string;
}

/** What one pass of the lifecycle decided for one endpoint. Written and kept by `Endpoints`. */
export interface Change {
  endpoint_id: string;
  /** Null removes the endpoint; its events stay. */
  standing: EndpointState | null;
  transition: Transition | null;
  /** A wake that has just ended well. */
  wake: { depth: Depth; duration_ms: number } | null;
  /** What becomes of the revision before an update: still needed, not needed any more, or back in force. */
  previous: "keep" | "drop" | "restore";
}
