/** Builds the parts of the appliance and introduces them to each other; the files beside it hold groups of them. */
import { hostname } from "node:os";
import { join } from "node:path";
import { fetchOutside } from "../../agent/contract/proxy.ts";
import { version } from "../../package.json";
import { loadAuthority } from "../control/fleet/authority.ts";
import { clockProblem } from "../control/fleet/clock.ts";
import { default_expiry_s, Enrolment } from "../control/fleet/enrolment.ts";
import { Renewal } from "../control/fleet/renewal.ts";
import { hostRoutes } from "../control/fleet/routes.ts";
import { startFleetServer } from "../control/fleet/server.ts";
import { aliasRoutes } from "../control/models/aliases/routes.ts";
import { createIntake } from "../control/models/catalog/intake.ts";
import { catalogRoutes } from "../control/models/catalog/routes.ts";
import { providerRoutes } from "../control/models/providers/routes.ts";
import { watchFleet } from "../control/observability/alerts/fleet-watch.ts";
import { alertRoutes } from "../control/observability/alerts/routes.ts";
import { DashboardEvents } from "../control/observability/notify/dashboard-events.ts";
import { dashboardEventRoutes } from "../control/observability/notify/dashboard-events-routes.ts";
import { metricsRoutes } from "../control/observability/telemetry/routes.ts";
import { replicasOnHost } from "../control/scheduler/lifecycle/published.ts";
import {
  hubReader,
  importedReader,
  storeReader,
} from "../control/scheduler/sizing/hub-question.ts";
import { sizingRoutes } from "../control/scheduler/sizing/routes.ts";
import { ledgerRoutes } from "../control/scheduler/startup-profile/routes.ts";
import { openDatabase } from "../control/storage/database.ts";
import { durably, walFlush } from "../control/storage/durable.ts";
import { secretsIn } from "../control/storage/secrets.ts";
import { driftRoutes } from "../control/usage/reconciliation/routes.ts";
import { usageRoutes } from "../control/usage/routes.ts";
import { UsageLog } from "../control/usage/usage.ts";
import { composeAccounts } from "./accounts.ts";
import { clock } from "./clock.ts";
import type { Config } from "./config.ts";
import { createHttp } from "./control-api.ts";
import { loadDashboard } from "./dashboard.ts";
import { dedicatedRoutes } from "./dedicated.ts";
import { loadDocs } from "./docs/docs.ts";
import { type Login, prepareHome } from "./first-login.ts";
import { fittingOn } from "./fitting.ts";
import { dialAddresses, listen } from "./listen.ts";
import { composeNotifying } from "./notifying.ts";
import { composeServing } from "./serving.ts";

export interface Appliance {
  url: string;
  agent_port: number;
  /** Makes a one-time join token, as `POST /api/hosts/join-tokens` does. */
  joinToken(): string;
  /** The login that the first start made. */
  firstLogin(): Login;
  /** KNOWN when it is still good, else a new inference key of the first admin. */
  keepKey(name: string, known: string | undefined): Promise<string>;
  /** Puts a shared model into the catalog unless one of this name is there. */
  ensureModel(model: { name: string; source: string }): Promise<void>;
  /** Resolves when a replica of the model is ready; rejects with its problem when it failed for good. */
  modelReady(name: string, signal: AbortSignal): Promise<void>;
  /** Lets open requests finish for a while, then ends everything. Agents and runtimes go on. */
  stop(): Promise<void>;
}

/** What runs beside requests, from the start of the appliance to its end. */
interface Service {
  start(): void;
  stop(): void | Promise<void>;
}

export interface ApplianceOptions {
  log(line: string): void;
  /** Take any free port for agents when the configured one is taken. */
  any_agent_port?: boolean;
  /** Brings what was committed to the disk, for tests of power cuts; an fdatasync without it. */
  sync?: () => Promise<void>;
}

export async function startAppliance(
  config: Config,
  { log, any_agent_port, sync }: ApplianceOptions,
): Promise<Appliance> {
  prepareHome(config.home);
  const file = join(config.home, "hypervize.db");
  const database = openDatabase(file);
  const durable = durably(database, sync ?? walFlush(file));
  const secrets = secretsIn(config.home);
  const authority = await loadAuthority(config.home, clock.now());
  const live = new DashboardEvents();
  const usage = new UsageLog(database, { log });
  const cut = {
    key: (id: string) => gateway.cut(({ key_id }) => key_id === id),
    user: (id: string) => gateway.cut(({ key_id, user_id }) => key_id === null && user_id === id),
  };
  const addressOf = (request: Request) => server.addressOf(request) ?? "unknown";
  const people = composeAccounts({
    database,
    home: config.home,
    cut,
    live,
    usage,
    addressOf,
  });
  const { guard, callers, emailOf } = people;
  usage.onRecord(() => live.changed("usage"));
  const origin = () => `http://${hostNamed(config)}:${server.port}`;
  const notifying = composeNotifying({ database, secrets, guard, live, emailOf, origin, log });
  const { settings, outbox } = notifying;
  const serving = composeServing({
    home: config.home,
    database,
    secrets,
    authority,
    people,
    notifying,
    usage,
    live,
    log,
  });
  const { gateway, catalog, hosts, lifecycle, routing, relays, telemetry } = serving;

  const enrolment = new Enrolment({
    database,
    authority,
    now: clock.now,
    addresses: () => dialAddresses(config.advertise, fleet.port),
    joined: () => hosts.added(),
  });
  const renewal = new Renewal({ authority, hosts, now: clock.now });
  const fleet = startFleetServer(
    { authority, enrolment, renewal, hosts, tunnels: serving.tunnels, durable, log },
    { host: config.host, port: config.agent_port, any_port: any_agent_port ?? false },
  );

  const alerting = watchFleet({
    database,
    now: clock.now,
    settings,
    outbox,
    hosts,
    live,
    log,
    certificates: authority,
    home: config.home,
    name: hostname(),
  });

  const stopping = new AbortController();
  const fitting = fittingOn(serving);
  const replicasOf = (id: string) => replicasOnHost(id, lifecycle.statuses(), routing.inflight);
  const problemOf = (id: string) => relays.problem(id) ?? clockProblem(hosts.clockAhead(id));
  const http = createHttp({
    version,
    mayRead: callers.worldOf,
    now: clock.steady,
    durable,
    log,
    routes: [
      ...people.routes,
      ...notifying.routes,
      catalogRoutes({
        catalog,
        guard,
        worldOf: callers.worldOf,
        statusOf: serving.models.statusOf,
        ...fitting.elastic,
        usableBy: (request) =>
          routing.models(
            callers.authenticate({
              method: request.method,
              headers: request.headers,
              url: request.url,
              address: addressOf(request),
            }),
          ),
      }),
      aliasRoutes(serving.aliases, guard),
      providerRoutes({ providers: serving.providers, guard, fetch: fetchOutside }),
      dedicatedRoutes({
        serving,
        database,
        settings,
        guard,
        emailOf,
        stopping: stopping.signal,
      }),
      hostRoutes({
        hosts,
        enrolment,
        guard,
        problemOf,
        replicasOf,
        seriesFor: (id, query) => telemetry.seriesFor(id, query),
      }),
      alertRoutes(alerting.alerts, guard),
      usageRoutes(database, guard, clock.now),
      driftRoutes(database, guard),
      dashboardEventRoutes(live, guard),
      sizingRoutes(
        guard,
        importedReader(
          serving.imported.onHub,
          storeReader(serving.store, 5000, hubReader(serving.hub, "", 5000)),
        ),
        serving.ledger.find,
      ),
      ledgerRoutes(serving.ledger, guard),
      metricsRoutes({ telemetry, guard, addressOf }),
    ],
  });
  /** Who makes work first, who carries it out after: both starting and stopping go in this order. */
  const services: readonly Service[] = [
    lifecycle,
    relays,
    telemetry,
    alerting,
    outbox,
    serving.reconciliation,
  ];
  // What the start has written: the first admin, and what is asked for below.
  await durable();
  const dashboard = await loadDashboard();
  const docs = await loadDocs({
    apiFor: (request) => (callers.knows(request) ? http.document() : null),
  });
  const pages = (request: Request) => docs(request) ?? dashboard(request);
  const server = listen(config, { gateway, http, pages });
  for (const service of services) service.start();

  return {
    url: `http://localhost:${server.port}`,
    agent_port: fleet.port,
    joinToken: () => enrolment.createToken("demo", default_expiry_s).token,
    firstLogin: people.firstLogin,
    async keepKey(name, known) {
      const key = people.keepKey(name, known);
      await durable();
      return key;
    },
    async ensureModel(model) {
      if (catalog.find(model.name)) return;
      await createIntake({ catalog, ...fitting.elastic }).add(model);
    },
    modelReady: (...model) => serving.models.ready(...model),
    async stop() {
      stopping.abort();
      live.close();
      await server.close();
      for (const service of services) await service.stop();
      gateway.close();
      fleet.stop();
      usage.flush();
      database.$client.close();
    },
  };
}

/** What people type to reach the dashboard, as far as the configuration says. */
function hostNamed({ host, advertise }: Config): string {
  const advertised = advertise[0]?.replace(/:\d+$/, "");
  if (advertised) return advertised;
  return host === "0.0.0.0" || host === "::" ? hostname() : host;
}
