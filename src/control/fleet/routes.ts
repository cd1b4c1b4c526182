import { Elysia, t } from "elysia";
import type { Labels } from "../../../agent/contract/protocol/labels.ts";
import type {
  Heartbeat,
  Inventory,
  ObservedReplica,
} from "../../../agent/contract/protocol/messages.ts";
import type { Guard } from "../../shared/access.ts";
import type { Series, SeriesQuery } from "../observability/telemetry/samples.ts";
import { seriesParameters, seriesQueryOf } from "../observability/telemetry/series-query.ts";
import { closed, routesFor, told, wholeNumber } from "../route-schema.ts";
import { default_expiry_s, type Enrolment } from "./enrolment.ts";
import { type ExplainedXid, explainedXids } from "./explained-xid.ts";
import type { HostRow, Hosts } from "./hosts.ts";
import type { Reachability } from "./reachability.ts";

/** A replica as people see it: what is wanted, joined with what the host says of it. */
export interface HostReplica
  extends Pick<
    ObservedReplica,
    "id" | "cause" | "detail" | "restarts" | "started_at_ms" | "ready_after_ms" | "log_tail"
  > {
  model: string;
  /** `waiting`: the host has not spoken of it yet. */
  state: ObservedReplica["state"] | "waiting";
  /** Requests that the gateway has open on it. */
  inflight: number;
}

export interface HostView {
  id: string;
  name: string;
  status: "up" | "down";
  /** What its agent was started with, for placement. */
  labels: Labels;
  cordoned: boolean;
  /** Its replicas are on their way to other hosts. */
  draining: boolean;
  agent_version: string;
  joined_at: number;
  last_seen_at: number | null;
  inventory: Inventory | null;
  heartbeat: Omit<Heartbeat, "xids"> | null;
  /** XID errors since the host booted, the newest first. */
  xids: ExplainedXid[];
  replicas: HostReplica[];
  /** Why its runtimes cannot be reached, as one sentence; null when they can. */
  problem: string | null;
  /** How this appliance reaches its runtimes; null until it has connected since our start. */
  via: Reachability["via"] | null;
}

export interface HostParts {
  hosts: Hosts;
  enrolment: Pick<Enrolment, "createToken">;
  guard: Guard;
  replicasOf(host_id: string): HostReplica[];
  problemOf(host_id: string): string | null;
  seriesFor(host_id: string, query: SeriesQuery): Series;
}

const joinTokenBody = t.Object({ expires_in_s: t.Optional(wholeNumber([60, 604_800])) }, closed);
export type JoinTokenBody = typeof joinTokenBody.static;

export function hostRoutes(parts: HostParts) {
  const { hosts, enrolment, guard, replicasOf, problemOf } = parts;
  const view = (row: HostRow): HostView => ({
    id: row.id,
    name: row.name,
    status: hosts.isUp(row.id) ? "up" : "down",
    labels: row.labels,
    cordoned: row.cordoned,
    draining: row.draining,
    agent_version: row.agent_version,
    joined_at: row.joined_at,
    last_seen_at: hosts.lastSeen(row.id),
    inventory: row.inventory,
    ...beatOf(hosts.heartbeat(row.id)),
    replicas: replicasOf(row.id),
    problem: problemOf(row.id),
    via: hosts.reach(row.id)?.via ?? null,
  });

  const viewers = routesFor(guard, "viewer", "Hosts")
    .get("/api/hosts", () => ({ data: hosts.list().map(view) }), told("List the hosts."))
    .get(
      "/api/hosts/:id/metrics",
      ({ params, query }) => parts.seriesFor(hosts.find(params.id).id, seriesQueryOf(query)),
      { ...told("Show a host's time series."), query: seriesParameters },
    );

  const admins = routesFor(guard, "admin", "Hosts")
    .post(
      "/api/hosts/join-tokens",
      ({ caller, body, set }) => {
        set.status = 201;
        return enrolment.createToken(caller.email, body?.expires_in_s ?? default_expiry_s);
      },
      {
        ...told("Make a token that one host can join with.", {
          201: "With the command for the host.",
        }),
        body: t.Optional(joinTokenBody),
      },
    )
    .post(
      "/api/hosts/:id/cordon",
      ({ params }) => {
        hosts.setCordoned(params.id, true);
        return view(hosts.find(params.id));
      },
      told("Place nothing more on a host."),
    )
    .post(
      "/api/hosts/:id/uncordon",
      ({ params }) => {
        hosts.setCordoned(params.id, false);
        return view(hosts.find(params.id));
      },
      told("Place on a host again."),
    )
    .post(
      "/api/hosts/:id/drain",
      ({ params }) => {
        hosts.drain(params.id);
        return view(hosts.find(params.id));
      },
      told("Move what runs on a host to others."),
    )
    .delete(
      "/api/hosts/:id",
      ({ params, query, set }) => {
        hosts.remove(params.id, query.keep_runtimes);
        set.status = 204;
      },
      {
        ...told("Remove a host: its certificate is worth nothing from then on.", {
          204: "It is removed, and its runtimes end unless `keep_runtimes`.",
        }),
        query: t.Object({ keep_runtimes: t.Optional(t.BooleanString()) }, closed),
      },
    );

  return new Elysia().use(viewers).use(admins);
}

function beatOf(heartbeat: Heartbeat | null): Pick<HostView, "heartbeat" | "xids"> {
  if (!heartbeat) return { heartbeat, xids: [] };
  const { xids, ...rest } = heartbeat;
  return { heartbeat: rest, xids: explainedXids(xids) };
}
