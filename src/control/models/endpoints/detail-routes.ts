/** What there is to read about one endpoint: events, logs, plots, usage. */
import { t } from "elysia";
import { notFound } from "../../../shared/failure.ts";
import { seriesParameters, seriesQueryOf } from "../../observability/telemetry/series-query.ts";
import { closed, routesFor, timeInQuery, told, wholeInQuery } from "../../route-schema.ts";
import { usageBy } from "../../usage/routes.ts";
import { whole } from "../../whole.ts";
import type { Endpoint } from "./endpoint.ts";
import type { LogPlace } from "./log-source.ts";
import { logStream } from "./log-stream.ts";
import { logTail } from "./log-tail.ts";
import { mustChange, mustSee, permissionOn } from "./permission.ts";
import type { EndpointRouteParts } from "./route-deps.ts";

const time = timeInQuery;
const events_bounds = [1, 1000] as const;
const tail_bounds = [0, 1000] as const;
const events_default = 100;
const tail_default = 200;

export function detailRoutes(parts: EndpointRouteParts) {
  const { endpoints, guard } = parts;
  return routesFor(guard, "viewer", "Endpoints")
    .get(
      "/api/endpoints/:id/events",
      ({ caller, params, query: { limit = events_default, before } }) => {
        const { id } = mustSee(endpoints.find(params.id), caller);
        whole("limit", limit, ...events_bounds);
        return { data: endpoints.events(id, { limit, before: before ?? null }) };
      },
      {
        ...told("List an endpoint's changes of state, the newest first."),
        query: t.Object({ limit: wholeInQuery(events_bounds), before: time }, closed),
      },
    )
    .get(
      "/api/endpoints/:id/metrics",
      ({ caller, params, query }) => {
        const { id } = mustSee(endpoints.find(params.id), caller);
        return parts.seriesFor(id, seriesQueryOf(query));
      },
      { ...told("Show an endpoint's time series."), query: seriesParameters },
    )
    .get(
      "/api/endpoints/:id/usage",
      ({ caller, params, query: { by = "day", ...period } }) => {
        const endpoint = mustSee(endpoints.find(params.id), caller);
        const whose = permissionOn(endpoint, caller) === "change" ? null : caller.email;
        return parts.usageOf(endpoint.id, { by, ...said(period) }, whose);
      },
      {
        ...told("Sum up an endpoint's usage; who may not change it gets their own."),
        query: t.Object({ by: t.Optional(usageBy), from: time, to: time }, closed),
      },
    )
    .get(
      "/api/endpoints/:id/logs",
      ({ caller, params, query, request }) => {
        const endpoint = mustChange(endpoints.find(params.id), caller);
        const { tail = tail_default, replica, follow } = query;
        whole("tail", tail, ...tail_bounds);
        if (replica !== undefined && placesOf(parts, endpoint, replica).length === 0) {
          throw notFound(
            "This endpoint has no such replica now. GET /api/endpoints/ID lists them.",
          );
        }
        if (follow !== "1" && follow !== "true") return tailOf(parts, endpoint, tail, replica);
        return logStream({
          followLog: parts.followLog,
          stopping: parts.stopping,
          tail,
          // Who may not read it any more, or has been signed out, reads no further line.
          replicas: () =>
            ifStill(() =>
              placesOf(
                parts,
                mustChange(endpoints.find(endpoint.id), guard(request, "viewer")),
                replica,
              ),
            ),
        });
      },
      {
        ...told(
          "Read the last lines of an endpoint's log, or follow it. For its owner and admins.",
          { 200: "The lines; with `follow` server-sent events of `{replica, line}`." },
          "text/plain",
        ),
        query: t.Object(
          {
            tail: wholeInQuery(tail_bounds),
            replica: t.Optional(t.String()),
            follow: t.Optional(t.String({ description: "1 or true." })),
          },
          closed,
        ),
      },
    );
}

async function tailOf(
  parts: EndpointRouteParts,
  endpoint: Endpoint,
  tail: number,
  replica: string | undefined,
): Promise<Response> {
  const places = placesOf(parts, endpoint, replica);
  // What has failed left its last words with us.
  const last = endpoint.standing.log_tail.map((line) => `${line}\n`).join("");
  const text = places.length === 0 ? last : await logTail(parts.followLog, places, tail);
  return new Response(text, { headers: { "content-type": "text/plain; charset=utf-8" } });
}

const placesOf = (
  { liveOf }: EndpointRouteParts,
  endpoint: Endpoint,
  replica: string | undefined,
): readonly LogPlace[] =>
  liveOf(endpoint).replicas.filter(({ id }) => replica === undefined || id === replica);

function ifStill<Value>(look: () => Value): Value | null {
  try {
    return look();
  } catch {
    return null;
  }
}

/** Without what was not asked. */
const said = ({ from, to }: { from?: number | undefined; to?: number | undefined }) => ({
  ...(from !== undefined && { from }),
  ...(to !== undefined && { to }),
});
