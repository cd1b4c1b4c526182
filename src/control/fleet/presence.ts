import type {
  Command,
  Desired,
  Heartbeat,
  Observed,
} from "../../../agent/contract/protocol/messages.ts";
import type { ReachabilityHints } from "./reachability.ts";

/**
 * Why a stream ends. `removed`: the host is not of the fleet (any more), and its agent gives up what it has
 * open. After all others it comes back: `replaced` by a newer stream, `senseless`: it broke the contract,
 * `fault`: of ours.
 */
export type Ending = "removed" | "replaced" | "senseless" | "fault";

/** Why a certificate is refused, and what becomes of the runtimes of whoever shows it. */
export interface Removal {
  details: string;
  /** Null: the certificate is unknown or expired, and its host gets nothing about its runtimes. */
  keep_runtimes: boolean | null;
}

/** One agent's stream. */
export interface AgentStream {
  send(command: Command): void;
  /** KEEP_RUNTIMES: of a host that was removed, see Removal. */
  close(ending: Ending, reason: string, keep_runtimes?: boolean | null): void;
  /** Where the connection comes from: of the agent, or of whoever forwards it. */
  remote_address: string;
}

/** What is known of a host only while this process runs. */
export interface HostConnection {
  line: AgentStream | undefined;
  /** Null until its first word since our start. */
  heard_at: number | null;
  heartbeat: Heartbeat | null;
  /** Of the host's clock, with its last heartbeat. */
  clock_ahead_ms: number | null;
  observed: Observed | null;
  desired: Desired | undefined;
  /** Null until it has connected since our start. */
  ways: ReachabilityHints | null;
}

export const heartbeat_interval_s = 5;
/** Three missed heartbeats, and a little for a slow network. */
const silent_after_ms = heartbeat_interval_s * 3000 + 1000;
/** Reconnecting takes a moment; until then the host is not reported down. */
const reconnect_grace_ms = 5000;

export const absent = (): HostConnection => ({
  line: undefined,
  heard_at: null,
  heartbeat: null,
  clock_ahead_ms: null,
  observed: null,
  desired: undefined,
  ways: null,
});

/** Milliseconds; zero while the host is up. After our own start every host gets time to dial in. */
export function downFor(
  presence: HostConnection | undefined,
  now: number,
  started_at: number,
): number {
  const heard_at = presence?.heard_at ?? null;
  if (heard_at === null) return Math.max(1, now - started_at);
  const silent_ms = now - heard_at;
  return silent_ms <= (presence?.line ? silent_after_ms : reconnect_grace_ms) ? 0 : silent_ms;
}
