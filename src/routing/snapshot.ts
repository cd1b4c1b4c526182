/** What routing is told by composition, whenever something has changed. */
import type { EndpointSpec, Visibility } from "../endpoints/spec.ts";
import type { Standing } from "../endpoints/status.ts";

export interface ReadyReplica {
  id: string;
  host: string;
  port: number;
  /** Set when HOST and PORT are those of the relay of another machine. */
  relay?: { server_name: string; certificate_sha256: string };
  /** The name that the runtime knows the model by. */
  model: string;
  /** Requests that it works on at the same time, at least 1. */
  slots: number;
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

export interface RoutedEndpoint {
  /** `usr_...` */
  owner: string;
  visibility: Visibility;
  standing: Standing["status"];
  cold_start: EndpointSpec["cold_start"];
  /** Null until it has woken often enough to tell. */
  wake_p95_ms: number | null;
  /** Empty but for `failed`. */
  cause: Standing["cause"];
}
