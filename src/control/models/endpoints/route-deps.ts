import type { Guard } from "../../../shared/access.ts";
import type { Measured } from "../../scheduler/sizing/plan.ts";
import type { UsageBy, UsageSummary } from "../../usage/rollup.ts";
import type { Endpoint } from "./endpoint.ts";
import type { FollowLog } from "./log-source.ts";
import type { ProvisionerParts } from "./provisioner.ts";
import type { EndpointLive } from "./view.ts";

export interface EndpointRouteParts extends ProvisionerParts {
  guard: Guard;
  liveOf(endpoint: Endpoint): EndpointLive;
  /** See `EndpointView.measured`. */
  measuredOf(endpoint: Endpoint): Measured | null;
  /** Undefined when there is no such user any more. */
  emailOf(user_id: string): string | undefined;
  followLog: FollowLog;
  seriesFor(endpoint_id: string, query: SeriesQuery): Series;
  /** WHOSE: the rows of this address only; null for everybody's. */
  usageOf(endpoint_id: string, query: UsageQuery, whose: string | null): UsageSummary;
  /** Aborted when the appliance stops: open log streams end. */
  stopping: AbortSignal;
}

export interface SeriesQuery {
  /** Empty: all that there are. */
  metrics: readonly string[];
  from?: number;
  to?: number;
  resolution: "auto" | "raw" | "minute" | "hour";
}

export interface Series {
  resolution: "raw" | "minute" | "hour";
  interval_ms: number;
  series: { metric: string; points: [at: number, mean: number, min: number, max: number][] }[];
}

export interface UsageQuery {
  by: UsageBy;
  from?: number;
  to?: number;
}
