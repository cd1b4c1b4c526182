import type { Pressure } from "./dedicated/autoscale.ts";
import type { Decision } from "./dedicated/situation.ts";
import type { NewReplica } from "./placement-plan.ts";
import type { SleepIntent } from "./sleep-plan.ts";
import type { ReplicaSpec } from "./table.ts";

export interface Plan {
  /** Endpoints whose row changes. */
  changes: Decision[];
  add: NewReplica[];
  /** No longer wanted; their rows stay until their hosts prove them gone. */
  unwanted: string[];
  /** Proved gone. */
  gone: string[];
  /** Replicas that go to sleep in place, or wake. */
  sleep_intents: SleepIntent[];
  /** replicas of shared models with a new specification, which need a new epoch. */
  renew: { id: string; spec: ReplicaSpec }[];
  pressures: ReadonlyMap<string, Pressure>;
  /** shared models with fewer replicas than they want, and why. */
  unschedulable: Map<string, Unschedulable>;
}

export interface Unschedulable {
  /** Empty while it only waits for something that comes without anybody's help. */
  cause: "no_capacity" | "";
  /** One or two sentences for a person. */
  detail: string;
}
