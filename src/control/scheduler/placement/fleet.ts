/** The fleet as placement sees it: hosts with devices that have memory. Ids are opaque. */

/** A GPU, or the processors of a host together with its memory. */
export interface Device {
  /** UUID of a GPU; `cpu` for the processors. Unique within its host. */
  id: string;
  /** `cpu`, or a GPU's name as the driver writes it. */
  kind: string;
  memory_bytes: number;
  /** Reserved by replicas of ours, also by those that are being stopped. */
  reserved_bytes: number;
  /** The part of `reserved_bytes` that replicas hold which are being stopped. */
  leaving_bytes: number;
  /** The part of `reserved_bytes` that replicas hold which sleep in place. */
  asleep_bytes: number;
  /** Used by programs that are not ours. */
  foreign_bytes: number;
  /**
   * A replica is loading on it: a second one would measure its free memory wrongly (vllm#55827).
   * Means nothing for processors, whose free memory no runtime measures.
   */
  starting: boolean;
}

export interface Host {
  id: string;
  name: string;
  labels: Readonly<Record<string, string>>;
  cordoned: boolean;
  /** Zero while it is up. */
  down_for_ms: number;
  runtimes: readonly string[];
  /** Those of them that have said that they see no GPU. An older agent does not let them say. */
  blind?: readonly string[];
  devices: readonly Device[];
  /** Sources whose weights lie on its disk. */
  sources: ReadonlySet<string>;
}

/** What one replica needs on devices of one kind. */
export interface Need {
  devices: number;
  /** All of a device's memory where it must be alone on it. */
  bytes_per_device: number;
  /** The size of the model is unknown, so the bytes are a floor. */
  guessed: boolean;
}

/** It cannot run on devices of that kind, however many there are. */
export interface Unfit {
  /** Why, in sentences for people. */
  unfit: string;
}

/** How one model fits on devices: see `need.ts`. */
export interface Fit {
  /** Depends on nothing but the device's kind and memory, for processors on the kind alone. */
  needOn(device: Device): Need | Unfit;
  /** Tokens of one request with which it would fit on so many of these devices; 0 where none would. */
  longestContextOn(device: Device, devices: number): number;
}

/** One replica that wants a place. */
export interface Demand extends Fit {
  runtime: string;
  source: string;
  labels: Readonly<Record<string, string>>;
  /** Null where any kind will do; as people write it (`H100-80`, `cpu`). */
  gpu_type: string | null;
  /** Hosts that run replicas of the same owner: others are preferred. */
  beside: ReadonlySet<string>;
}

/** Memory on devices of one host. */
export interface Held {
  host_id: string;
  devices: readonly string[];
  bytes_per_device: number;
}

export interface Placement extends Held {
  /** One sentence: why there. */
  why: string;
}

/**
 * `never`: no host of this fleet could take it even when empty. `busy`: one could, if something else
 * went. `wait`: one can in a moment, when a start on it has ended or what was stopped is gone.
 * `no_host`: no host that is up and not cordoned has the runtime and the labels, or only a host that
 * is down or cordoned is large enough.
 */
export interface Refused {
  refused: "never" | "busy" | "wait" | "no_host";
  /** What was asked and why it does not go, in one or two sentences. */
  detail: string;
  /** The nearest thing that would fit, as a sentence; null when nothing does. */
  nearest: string | null;
  /**
   * With `wait`, what it waits for; else null. Occupied by the caller, nobody else waits for the same
   * memory in that pass.
   */
  awaiting: Placement | null;
}
