/**
 * Types and gRPC service of `agent.proto`, the only thing that `src/` and `agent/` share.
 * The proto text is compiled into the binary and parsed at start: nothing is read from disk.
 */
import {
  type ClientDuplexStream,
  type GrpcObject,
  loadPackageDefinition,
  type ServerDuplexStream,
  type ServiceClientConstructor,
} from "@grpc/grpc-js";
import { fromJSON } from "@grpc/proto-loader";
import protobuf from "protobufjs";
import type { SeenDevices } from "../runtime-device.ts";
import text from "./agent.proto" with { type: "text" };

export interface EnrolRequest {
  secret: string;
  csr_pem: string;
  host_name: string;
}

export interface EnrolReply {
  host_id: string;
  certificate_pem: string;
  ca_pem: string;
}

export interface RenewRequest {
  /** Empty: nothing is certified, the caller only shows its certificate. */
  csr_pem: string;
}

export interface Gpu {
  index: number;
  uuid: string;
  name: string;
  vram_bytes: number;
  vram_used_bytes: number;
  driver_version: string;
  /** "9.0"; empty where the driver does not say. */
  compute_capability: string;
  mig: boolean;
  /** As the kernel's log names it: 0000:3b:00. */
  pci_bus_id: string;
}

export interface RuntimeFound extends SeenDevices {
  name: string;
  version: string;
  path: string;
}

export interface Inventory {
  host_name: string;
  os: string;
  kernel: string;
  arch: string;
  cpu_count: number;
  cpu_model: string;
  memory_bytes: number;
  disk_bytes: number;
  disk_free_bytes: number;
  gpus: Gpu[];
  runtimes: RuntimeFound[];
  machine_id: string;
}

export interface Heartbeat {
  at_ms: number;
  memory_used_bytes: number;
  disk_free_bytes: number;
  cpu_ratio: number;
  /** Weights on its disk, and what has come of those that are fetched. */
  cache_used_bytes: number;
  /** Of weights, from whomever, since the agent's start. */
  download_bytes_total: number;
  /** As measured in the last seconds; none while the driver does not answer. */
  gpus: GpuSample[];
  /** The newest since boot, also such as were said before. */
  xids: XidError[];
  /** Of replicas here: the disk has lost some of their bytes. */
  damaged_sources: string[];
}

export interface GpuSample {
  uuid: string;
  utilization_ratio: number;
  memory_used_bytes: number;
  temperature_celsius: number;
  power_watts: number;
  power_limit_watts: number;
  sm_clock_mhz: number;
  memory_clock_mhz: number;
  /** Since the driver was loaded. */
  ecc_corrected: number;
  ecc_uncorrected: number;
  throttle_reasons: string[];
  processes: GpuProcess[];
}

export interface GpuProcess {
  pid: number;
  /** The executable's base name: a command line may hold secrets. */
  name: string;
  /** 0 where the driver does not say. */
  memory_bytes: number;
  /** Empty for a process that is not ours. */
  replica_id: string;
}

/** An error that the NVIDIA driver wrote into the kernel's log. */
export interface XidError {
  at_ms: number;
  /** Empty for a GPU that was never seen. */
  gpu_uuid: string;
  code: number;
  text: string;
}

export interface DesiredReplica {
  id: string;
  epoch: number;
  model: string;
  runtime: string;
  source: string;
  context_tokens: number;
  slots: number;
  args: string[];
  devices: string[];
  env: Record<string, string>;
  hf_token: string;
  /** Only of a replica whose source is in S3. */
  s3?: S3Access | null;
  /** It starts so that it can sleep in place. Absent in what older versions wrote. */
  can_sleep?: boolean;
  /** It is to sleep in place, within so much of the host's memory; 0 or absent: it is to be awake. */
  asleep_bytes?: number;
}

export interface S3Access {
  /** Without a slash at its end. */
  endpoint: string;
  /** Empty: us-east-1. */
  region: string;
  access_key_id: string;
  secret_access_key: string;
  path_style: boolean;
  /** Whose certificates it may show instead of public ones; absent or empty: those. */
  ca_pem?: string;
}

export interface Desired {
  generation: number;
  replicas: DesiredReplica[];
}

/**
 * `crashed` will be started again by the agent after a back-off; `failed` will not. `falling_asleep` takes no more
 * requests; `asleep` has given its GPUs' memory back, proved, and lives.
 */
export type ReplicaState =
  | "starting"
  | "ready"
  | "falling_asleep"
  | "asleep"
  | "stopping"
  | "crashed"
  | "failed";

/** What a replica that is starting does; empty in every other state. */
export type StartPhase = "" | "downloading" | "loading" | "warming" | "waking";

/** Why something failed, in the classes of the public contract; empty when nothing did. */
export type Cause =
  | ""
  | "out_of_memory"
  | "gated_model"
  | "not_found"
  | "disk_full"
  | "no_capacity"
  | "driver"
  | "runtime_crash"
  | "timeout"
  | "download"
  | "config";

export interface ObservedReplica {
  id: string;
  epoch: number;
  state: ReplicaState;
  host: string;
  port: number;
  pid: number;
  started_at_ms: number;
  restarts: number;
  cause: Cause;
  detail: string;
  log_tail: string[];
  ready_after_ms: number;
  phase: StartPhase;
  downloaded_bytes: number;
  download_bytes: number;
  download_bytes_per_s: number;
  /** The most that it was seen to hold on one GPU, or holds while asleep; 0: not measured, or none. */
  gpu_memory_bytes: number;
  memory_bytes: number;
  /** The socket that the runtime listens on, see listener.ts; 0 or absent: not known. */
  listener?: number;
}

export interface Observed {
  generation: number;
  replicas: ObservedReplica[];
  sources: string[];
}

export interface Hello {
  agent_version: string;
  inventory: Inventory;
  /** TCP port of the agent's relay, on the address that it dialled from; 0 without one. */
  relay_port: number;
  labels: Record<string, string>;
  /** Its replicas are reached by tunnels, see tunnel.ts. */
  tunnel: boolean;
  /** Who has the same may dial its loopback, see network-id.ts; empty or absent: nobody. */
  network?: string;
}

export interface LogLines {
  follow_id: string;
  lines: string[];
  dropped: number;
  ended: boolean;
}

/** Exactly one field is set. */
export type Report =
  | { hello: Hello }
  | { observed: Observed }
  | { heartbeat: Heartbeat }
  | { log: LogLines };

export interface Welcome {
  host_id: string;
  heartbeat_interval_s: number;
}

export interface FollowLog {
  id: string;
  replica_id: string;
  tail_lines: number;
}

export interface OpenTunnels {
  /** Unused tunnels that the host keeps open. */
  idle: number;
}

/** Another host that gives weights to this one. */
export interface Peer {
  host_id: string;
  /** Of its relay. */
  address: string;
  port: number;
  /** Of the certificates that it may show (DER, lower-case hex). */
  certificate_sha256: string[];
}

/** Exactly one field is set. */
export type Command =
  | { welcome: Welcome }
  | { desired: Desired }
  | { follow: FollowLog }
  | { unfollow: { id: string } }
  | { peers: { peers: Peer[] } }
  | { tunnels: OpenTunnels };

export type ReportStream = ServerDuplexStream<Report, Command>;
export type CommandStream = ClientDuplexStream<Report, Command>;

/** 64-bit integers arrive as numbers: every one of them is bytes or milliseconds, far below 2^53. */
const definition = fromJSON(protobuf.parse(text, { keepCase: true }).root.toJSON(), {
  keepCase: true,
  longs: Number,
  enums: String,
  defaults: true,
  arrays: true,
  oneofs: true,
});

const loaded = loadPackageDefinition(definition) as unknown as {
  hypervize: { agent: { v1: GrpcObject & { Fleet: ServiceClientConstructor } } };
};

/** The client constructor; its `.service` is what a server implements. */
export const Fleet = loaded.hypervize.agent.v1.Fleet;

/**
 * Trailing metadata of an UNAUTHENTICATED that tells a removed host what becomes of its runtimes: `end-runtimes` or
 * `keep-runtimes`. Without it the host is unknown, and its runtimes go on.
 */
export const removed_header = "hypervize-removed";

/** Name in the control plane's certificate. Clients verify this name whatever address they dialled. */
export const control_plane_name = "control-plane.hypervize.internal";
