import type {
  Cause,
  DesiredReplica,
  ObservedReplica,
  ReplicaState,
  StartPhase,
} from "../contract/protocol/messages.ts";

/** One replica as this agent knows it. A value: `advance` makes the next one. */
export interface Replica {
  readonly spec: DesiredReplica;
  readonly state: ReplicaState;
  /** 0 while there is no process. */
  readonly pid: number;
  readonly port: number;
  /** The socket that it listens on (contract/listener.ts); 0 while that is not known. */
  readonly listener: number;
  readonly started_at_ms: number;
  /** When it was last seen to become ready; 0 while it is not. */
  readonly ready_at_ms: number;
  readonly ready_after_ms: number;
  /** Restarts after a crash, for people. */
  readonly restarts: number;
  /** Crashes in a row, for the back-off; forgotten after ten healthy minutes. */
  readonly crashes: number;
  /** When a crashed replica may start again. */
  readonly retry_at_ms: number;
  readonly cause: Cause;
  readonly detail: string;
  readonly log_tail: readonly string[];
  /** What a start does just now; empty in every other state. */
  readonly phase: StartPhase;
  /** While downloading. */
  readonly download: Download;
  /** The most that this life was seen to hold. */
  readonly peak: Peak;
}

/** 0 until it was measured, and without a GPU. */
export interface Peak {
  /** On the one of its GPUs that holds most. */
  readonly gpu_memory_bytes: number;
  /** Of the host, all processes together. */
  readonly memory_bytes: number;
}

export interface Download {
  readonly downloaded_bytes: number;
  /** 0 while it is not known. */
  readonly download_bytes: number;
  /** Over the last seconds. */
  readonly download_bytes_per_s: number;
}

const noDownload: Download = { downloaded_bytes: 0, download_bytes: 0, download_bytes_per_s: 0 };
const noPeak: Peak = { gpu_memory_bytes: 0, memory_bytes: 0 };

/** What happened to a replica, told to the loop by whoever saw it. */
export type ReplicaEvent =
  | { kind: "downloading"; download: Download }
  | { kind: "spawned"; pid: number; port: number; at_ms: number }
  /** It has loaded its model and is asked for a first token. */
  | { kind: "warming" }
  | { kind: "ready"; ready_after_ms: number; at_ms: number; listener: number }
  | { kind: "measured"; peak: Peak }
  /** It takes no more requests. */
  | { kind: "falling_asleep" }
  /** It has given its GPUs' memory back, but for this much of one. */
  | { kind: "asleep"; gpu_memory_bytes: number }
  | { kind: "waking" }
  /** It ended or could not start, unasked. No process of it is left. */
  | { kind: "ended"; failure: ReplicaFailure; at_ms: number }
  | { kind: "stopping" };

export interface ReplicaFailure {
  cause: Exclude<Cause, "">;
  detail: string;
  log_tail: readonly string[];
  retry: boolean;
}

const healthy_ms = 10 * 60_000;
const longest_pause_ms = 60_000;

/** A replica that is about to start; PREVIOUS is its last life at the same epoch. */
export function starting(spec: DesiredReplica, previous?: Replica): Replica {
  return {
    spec,
    state: "starting",
    pid: 0,
    port: 0,
    listener: 0,
    started_at_ms: 0,
    ready_at_ms: 0,
    ready_after_ms: 0,
    restarts: previous === undefined ? 0 : previous.restarts + 1,
    crashes: previous?.crashes ?? 0,
    retry_at_ms: 0,
    cause: "",
    detail: "",
    log_tail: [],
    phase: "loading",
    download: noDownload,
    peak: noPeak,
  };
}

export function advance(replica: Replica, event: ReplicaEvent): Replica {
  switch (event.kind) {
    case "downloading":
      // Its last numbers may come after the order to stop.
      if (replica.state !== "starting") return replica;
      return { ...replica, phase: "downloading", download: event.download };
    case "spawned": {
      const { pid, port, at_ms: started_at_ms } = event;
      return { ...replica, pid, port, started_at_ms, phase: "loading", download: noDownload };
    }
    case "warming":
      return { ...replica, phase: "warming" };
    case "ready":
      return {
        ...replica,
        state: "ready",
        phase: "",
        ready_at_ms: event.at_ms,
        ready_after_ms: event.ready_after_ms,
        listener: event.listener,
      };
    case "measured":
      return { ...replica, peak: event.peak };
    case "falling_asleep":
      return { ...replica, state: "falling_asleep", ready_at_ms: 0 };
    case "asleep": {
      const peak = { ...replica.peak, gpu_memory_bytes: event.gpu_memory_bytes };
      return { ...replica, state: "asleep", phase: "", ready_at_ms: 0, peak };
    }
    case "waking":
      return { ...replica, state: "starting", phase: "waking", peak: noPeak };
    case "stopping":
      return { ...replica, state: "stopping", phase: "", download: noDownload };
    case "ended":
      return ended(replica, event.failure, event.at_ms);
  }
}

function ended(replica: Replica, failure: ReplicaFailure, at_ms: number): Replica {
  const wasHealthy = replica.ready_at_ms > 0 && at_ms - replica.ready_at_ms >= healthy_ms;
  const crashes = wasHealthy ? 1 : replica.crashes + 1;
  return {
    ...replica,
    state: failure.retry ? "crashed" : "failed",
    phase: "",
    download: noDownload,
    peak: noPeak,
    pid: 0,
    port: 0,
    listener: 0,
    ready_at_ms: 0,
    crashes,
    retry_at_ms: failure.retry ? at_ms + restartPause(crashes) : 0,
    cause: failure.cause,
    detail: failure.detail,
    log_tail: failure.log_tail,
  };
}

/** 1, 2, 4 … 60 seconds, in milliseconds, after the first, second, third … crash in a row. */
export function restartPause(crashes: number): number {
  return Math.min(longest_pause_ms, 1000 * 2 ** Math.max(0, crashes - 1));
}

/** What the control plane sees. */
export function observe(replica: Replica): ObservedReplica {
  return {
    id: replica.spec.id,
    epoch: replica.spec.epoch,
    state: replica.state,
    host: replica.port === 0 ? "" : "127.0.0.1",
    port: replica.port,
    listener: replica.listener,
    pid: replica.pid,
    started_at_ms: replica.started_at_ms,
    restarts: replica.restarts,
    cause: replica.cause,
    detail: replica.detail,
    log_tail: [...replica.log_tail],
    ready_after_ms: replica.ready_after_ms,
    phase: replica.phase,
    ...replica.download,
    ...replica.peak,
  };
}
