/** The routes of Dedicated endpoints, with all that they ask of others. */

import { endpointRoutes } from "../control/models/endpoints/routes.ts";
import { liveOf } from "../control/scheduler/lifecycle/published.ts";
import { argumentsOf } from "../control/scheduler/placement/endpoint-demand.ts";
import type { Settings } from "../control/settings/settings.ts";
import type { Database } from "../control/storage/database.ts";
import { summarize } from "../control/usage/rollup.ts";
import type { Guard } from "../shared/access.ts";
import { clock } from "./clock.ts";
import { fittingOn } from "./fitting.ts";
import type { Serving } from "./serving.ts";

export interface DedicatedParts {
  serving: Serving;
  database: Database;
  settings: Settings;
  guard: Guard;
  emailOf(user_id: string): string | undefined;
  stopping: AbortSignal;
}

export function dedicatedRoutes(parts: DedicatedParts) {
  const { serving, database, settings, guard, emailOf, stopping } = parts;
  const { endpoints, hosts, lifecycle, routing, telemetry, ledger } = serving;
  const statuses = () => lifecycle.statuses();
  return endpointRoutes({
    endpoints,
    guard,
    emailOf,
    stopping,
    ...fittingOn(serving).dedicated,
    defaultIdleTimeout: () => settings.current().endpoints.default_idle_timeout_s,
    measuredOf: ({ spec, artifact: { source, runtime, context_tokens } }) =>
      ledger.find({
        source,
        runtime,
        context: context_tokens,
        slots: spec.concurrency,
        gpu: null,
        gpus: null,
        args: argumentsOf(spec, runtime),
        env: spec.env,
      }),
    liveOf: (endpoint) => liveOf(endpoint, { hosts, traffic: routing, statuses }),
    followLog: (...follow) => hosts.followLog(...follow),
    seriesFor: (id, query) => telemetry.seriesFor(id, query),
    usageOf: (endpoint, { by, ...period }, whose) =>
      summarize(database, by, period, whose, clock.now(), { endpoint }),
  });
}
