/** Where the lines of replicas come from, and what to say where they do not. */
import type { LogConsumer, LogEnd } from "../../fleet/log-delivery.ts";
import type { LiveReplica } from "./view.ts";

/**
 * Follows the log of one replica: its last lines first, then every new one. Returns the function that
 * unfollows; the callbacks come only after that has been returned.
 */
export type FollowLog = (
  host_id: string,
  replica_id: string,
  tail_lines: number,
  onLines: LogConsumer["onLines"],
  onEnd: LogConsumer["onEnd"],
) => () => void;

export type LogPlace = Pick<LiveReplica, "id" | "host_id" | "host_name">;

export function whyEnded(reason: LogEnd, { host_name }: LogPlace): string {
  switch (reason) {
    case "replica_gone":
      return `It is not on ${host_name} any more.`;
    case "host_disconnected":
      return `${host_name} is not connected now. Try again when it is back.`;
    case "too_many":
      return `Too many logs of ${host_name} are read at once. Close some and try again.`;
  }
}

export const leftOut = (lines: number): string => `(${lines} lines were left out here)`;
