import type { Gpu, GpuSample, XidError } from "../../../../agent/contract/protocol/messages.ts";

export interface Disk {
  /** For people. */
  path: string;
  free_bytes: number;
  bytes: number;
}

/** A host as the rules look at it. */
export interface WatchedHost {
  id: string;
  name: string;
  /** `silent`: for a minute or longer; `unclear`: not heard, but not for long, or not since our own start. */
  sight: "up" | "silent" | "unclear";
  /** When it is silent, in a sentence. */
  silence: string;
  disk: Disk | null;
  /** Of what runs on it: the disk has lost some of their bytes. */
  damaged_sources: readonly string[];
  /** When certificates end that only a person renews; null where it has none. */
  certificates: { ca_expires_at: number; server_expires_at: number } | null;
  /** Those of its inventory. */
  gpus: readonly Gpu[];
  /** Of those that answer. */
  samples: readonly GpuSample[];
  xids: readonly XidError[];
  /** That it had before, and that are in its inventory no more. */
  missing: readonly { index: number; uuid: string; name: string }[];
}

/** What an admin may set. */
export interface Thresholds {
  disk_free_percent: number;
  throttle_minutes: number;
  /** Whether running at the power limit, which is usual under load, counts as throttling. */
  power_cap: boolean;
}
