/** What routing is told by composition, whenever something has changed. */
import type { Cause } from "../../../agent/contract/protocol/messages.ts";
import type { Status, Visibility } from "../../shared/endpoint-status.ts";

export interface ReadyReplica {
  id: string;
  /** Of the machine that it is on; none for a service elsewhere. */
  host_id?: string;
  host: string;
  port: number;
  /** Set when it is dialled itself: the socket that must be there (listener.ts), or nothing is sent. */
  listener?: number;
  /** Set when that is another machine: its name there, and whether its host opens the connections. */
  relay?: { server_name: string; tunnel: boolean };
  /** Set when it is a service elsewhere: its TLS (null: plain HTTP), and what its requests need. */
  provider?: { tls: { server_name: string } | null; base_path: string; authorization: string };
  runtime: "llama-server" | "vllm" | "sglang" | "provider";
  /** The name that the runtime knows the model by. */
  model: string;
  /** Requests that it works on at the same time, at least 1. */
  slots: number;
  /** It gets only what the other replicas of the model have no place for, and never more than its slots. */
  overflow?: boolean;
}

/** A model of the shared pool, or a Dedicated endpoint. */
export interface RoutedModel {
  /** `mdl_...` or `endpt-...`. */
  id: string;
  name: string;
  /** Milliseconds since the epoch. */
  created_at: number;
  ready: readonly ReadyReplica[];
  /** Why none is ready, as a sentence for the client; null when nobody knows more. */
  reason: string | null;
  /** Null for Elastic. */
  endpoint: RoutedEndpoint | null;
}

/** A further name: for one model, or for several in shares. */
export interface RoutedAlias {
  /** `als_...` */
  id: string;
  name: string;
  /** Milliseconds since the epoch. */
  created_at: number;
  /** Names of models of the shared pool and ids of endpoints, each with its share of the sum of weights. */
  targets: readonly { model: string; weight: number }[];
  /** The same names, in the order in which they are asked. */
  fallbacks: readonly string[];
}

export interface RoutedEndpoint {
  /** `usr_...` */
  owner: string;
  visibility: Visibility;
  standing: Status;
  /** No host that is up could take a replica: waiting for one is in vain. */
  unschedulable?: boolean;
  cold_start: "hold" | "fail";
  /** Null until it has woken often enough to tell. */
  wake_p95_ms: number | null;
  /** Empty but for `failed`. */
  cause: Cause;
}
