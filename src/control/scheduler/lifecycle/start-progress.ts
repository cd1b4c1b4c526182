/** How far a start has come. Pure. */
import type { Endpoint } from "../../models/endpoints/endpoint.ts";
import type { Phase } from "../../models/endpoints/status.ts";
import type { ReplicaStatus } from "./world.ts";

export interface Progress {
  downloaded_bytes: number;
  /** 0 while it is not known. */
  download_bytes: number;
  bytes_per_s: number;
  /** Null while it is not known. */
  eta_s: number | null;
}

/** The replicas of ENDPOINT that are still wanted. */
export const wantedOf = (statuses: readonly ReplicaStatus[]): ReplicaStatus[] =>
  statuses.filter(({ row }) => row.unwanted_since === null);

/** How far a start has come; null when nothing starts. The replica that is furthest speaks for all. */
export function phaseOf(
  { standing, revision }: Endpoint,
  mine: readonly ReplicaStatus[],
): Phase | null {
  if (!/^(?:building|waking_up|updating)$/.test(standing.status)) return null;
  return furthestOf(wantedOf(mine).filter(({ row }) => row.revision === revision));
}

const order: readonly Phase[] = ["placing", "downloading", "loading", "warming"];

/** `placing` without any. */
export const furthestOf = (starting: readonly ReplicaStatus[]): Phase =>
  starting
    .map(({ observed }): Phase => {
      const phase = observed?.phase || "loading";
      // The contract's phases know no sleep in place.
      return phase === "waking" ? "loading" : phase;
    })
    .reduce<Phase>(
      (furthest, phase) => (order.indexOf(phase) > order.indexOf(furthest) ? phase : furthest),
      "placing",
    );

/** Of the downloads of all its replicas together; null when there is none. */
export function progressOf(mine: readonly ReplicaStatus[]): Progress | null {
  const downloads = wantedOf(mine).flatMap(({ observed }) =>
    observed?.phase === "downloading" ? [observed] : [],
  );
  if (downloads.length === 0) return null;
  const sum = (of: (replica: (typeof downloads)[number]) => number): number =>
    downloads.reduce((total, replica) => total + of(replica), 0);
  const downloaded_bytes = sum((replica) => replica.downloaded_bytes);
  const download_bytes = sum((replica) => replica.download_bytes);
  const bytes_per_s = sum((replica) => replica.download_bytes_per_s);
  const known = download_bytes > 0 && bytes_per_s > 0;
  const eta_s = known ? Math.ceil((download_bytes - downloaded_bytes) / bytes_per_s) : null;
  return { downloaded_bytes, download_bytes, bytes_per_s, eta_s };
}
