/** For tests: the routes of endpoints over a fleet of one CPU host, with the real resolver. */

import type { As } from "../../../app/access.testbed.ts";
import {
  databaseWithPeople,
  guard,
  httpWith,
  people,
  requestAs,
} from "../../../app/access.testbed.ts";
import type { Http } from "../../../app/control-api.ts";
import type { DryRun } from "../../scheduler/placement/dry-run.ts";
import type { Database } from "../../storage/database.ts";
import { createResolver, type Resolve } from "../resolution/resolve.ts";
import { endpointsIn, liveReplica, newEndpoint, specWith } from "./endpoints.testbed.ts";
import type { Endpoints } from "./endpoints.ts";
import type { EndpointRouteParts } from "./route-deps.ts";
import { endpointRoutes } from "./routes.ts";
import type { EndpointLive } from "./view.ts";

export const fits: DryRun = {
  placement: { host_id: "host_a", host_name: "alpha", devices: ["cpu"], why: "It has room." },
  refused: null,
  would_stop: [],
};

export interface World {
  http: Http;
  database: Database;
  endpoints: Endpoints;
  ask(
    as: As,
    method: string,
    path: string,
    body?: unknown,
    headers?: Record<string, string>,
  ): Promise<Response>;
  stop(): void;
}

/** No test asks the hub. */
const resolve: Resolve = createResolver({
  hub: {
    endpoint: "http://hub.invalid",
    fetch: () => Promise.reject(new Error("no network")),
    timeout_ms: 1,
  },
  readLocal: () => Promise.resolve(undefined),
});

export const live: EndpointLive = {
  phase: "loading",
  progress: null,
  replicas: [liveReplica("rep_1")],
  inflight: 1,
  waiting: 2,
  last_active_at: 4000,
};

export function worldWith(changes: Partial<EndpointRouteParts> = {}): World {
  const database = databaseWithPeople();
  const endpoints = endpointsIn(database);
  const stopping = new AbortController();
  const parts: EndpointRouteParts = {
    endpoints,
    guard,
    resolve,
    kinds: () => [{ kind: "cpu", memory_bytes: 2 ** 34, count: 1 }],
    dryRun: () => fits,
    defaultIdleTimeout: () => 600,
    liveOf: () => live,
    measuredOf: () => null,
    emailOf: (id) => Object.values(people).find(({ user_id }) => user_id === id)?.email,
    followLog: () => () => {},
    seriesFor: (id, query) =>
      ({ resolution: "raw", interval_ms: 10_000, series: [], id, query }) as never,
    usageOf: (id, query, whose) => ({ id, whose, ...query }) as never,
    stopping: stopping.signal,
    ...changes,
  };
  const http = httpWith([endpointRoutes(parts)]);
  return {
    http,
    database,
    endpoints,
    ask(as, method, path, body, headers = {}) {
      const request = requestAs(as, method, path, body);
      for (const [name, value] of Object.entries(headers)) request.headers.set(name, value);
      return http.handle(request);
    },
    stop: () => stopping.abort(),
  };
}

/** One of each visibility, of the member and of the admin. */
export function populated(changes: Partial<EndpointRouteParts> = {}): World {
  const world = worldWith(changes);
  for (const visibility of ["private", "team", "public"] as const) {
    for (const role of ["member", "admin"] as const) {
      const spec = specWith({ visibility, env: { API_KEY: `hunter2-${role}-${visibility}` } });
      const { user_id } = people[role];
      world.endpoints.create(
        newEndpoint(`${role}-${visibility}`, { user_id, spec, hf_token: "hf_secret" }),
      );
    }
  }
  return world;
}
