/** A host as /api/hosts shows it. Sizes in bytes, times in milliseconds since the epoch. */
export interface HostView {
  id: string;
  name: string;
  status: "up" | "down";
  /** A cordoned host gets no new replicas. */
  cordoned: boolean;
  agent_version: string;
  joined_at: number;
  last_seen_at: number | null;
  inventory: {
    host_name: string;
    os: string;
    kernel: string;
    arch: string;
    cpu_count: number;
    cpu_model: string;
    memory_bytes: number;
    disk_bytes: number;
    disk_free_bytes: number;
    gpus: GpuView[];
    runtimes: { name: string; version: string; path: string }[];
    machine_id: string;
  } | null;
  heartbeat: {
    at_ms: number;
    memory_used_bytes: number;
    disk_free_bytes: number;
    /** Busy share of all cores, 0 to 1. */
    cpu_ratio: number;
  } | null;
  replicas: ReplicaView[];
}

export interface GpuView {
  index: number;
  uuid: string;
  name: string;
  vram_bytes: number;
  vram_used_bytes: number;
  driver_version: string;
}

export interface ReplicaView {
  id: string;
  model: string;
  state: "waiting" | "starting" | "ready" | "stopping" | "crashed" | "failed";
  cause: string;
  detail: string;
  restarts: number;
  started_at_ms: number;
  ready_after_ms: number;
  log_tail: string[];
  inflight: number;
}
