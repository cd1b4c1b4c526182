/** From what is wanted to a replica that answers: where it runs, and who gets a request. */

import { relayName } from "../../agent/contract/protocol/relay-name.ts";
import { fetchOutside, proxyTo } from "../../agent/contract/proxy.ts";
import type { Authority } from "../control/fleet/authority.ts";
import { Hosts } from "../control/fleet/hosts.ts";
import { tellPeers } from "../control/fleet/peers.ts";
import { RelayWatch } from "../control/fleet/relay-watch.ts";
import { Tunnels } from "../control/fleet/tunnels.ts";
import { Aliases } from "../control/models/aliases/aliases.ts";
import { importedModelsIn } from "../control/models/bundle/imported-models.ts";
import { Catalog } from "../control/models/catalog/catalog.ts";
import { Endpoints } from "../control/models/endpoints/endpoints.ts";
import { withProviders } from "../control/models/providers/pool.ts";
import { Providers } from "../control/models/providers/providers.ts";
import { usableKeys } from "../control/models/providers/usable-keys.ts";
import { createResolver } from "../control/models/resolution/resolve.ts";
import type { DashboardEvents } from "../control/observability/notify/dashboard-events.ts";
import { snapshotsOf } from "../control/observability/telemetry/snapshot.ts";
import { Telemetry } from "../control/observability/telemetry/telemetry.ts";
import { ModelWatch } from "../control/scheduler/lifecycle/model-watch.ts";
import { noticesOf } from "../control/scheduler/lifecycle/notices.ts";
import {
  readyReplicas,
  routedEndpoints,
  routedModels,
} from "../control/scheduler/lifecycle/published.ts";
import { Lifecycle } from "../control/scheduler/lifecycle/reconcile.ts";
import { readLocalModel } from "../control/scheduler/sizing/local-files.ts";
import type { S3Store } from "../control/scheduler/sizing/s3-request.ts";
import { recorderOf } from "../control/scheduler/startup-profile/recorder.ts";
import { Ledger } from "../control/scheduler/startup-profile/startup-profile.ts";
import { s3Access, s3AccessForHosts } from "../control/settings/s3-access.ts";
import type { Database } from "../control/storage/database.ts";
import type { Secrets } from "../control/storage/secrets.ts";
import { driftFamily } from "../control/usage/reconciliation/checks.ts";
import { Recounts } from "../control/usage/reconciliation/recounts.ts";
import type { UsageLog } from "../control/usage/usage.ts";
import { createGateway, type Gateway } from "../gateway/gateway.ts";
import { createRouting } from "../gateway/routing/routing.ts";
import type { Accounts } from "./accounts.ts";
import { clock } from "./clock.ts";
import { environment, hubFromEnvironment } from "./config.ts";
import type { composeNotifying } from "./notifying.ts";
import { composeReconciliation } from "./reconciliation.ts";
import { worldOf } from "./world.ts";

export interface ServingParts {
  /** The data folder. */
  home: string;
  database: Database;
  secrets: Secrets;
  authority: Authority;
  people: Pick<Accounts, "callers" | "limits" | "costOf">;
  notifying: Pick<ReturnType<typeof composeNotifying>, "settings" | "outbox">;
  usage: UsageLog;
  live: DashboardEvents;
  log(line: string): void;
}

export type Serving = ReturnType<typeof composeServing>;

export function composeServing(parts: ServingParts) {
  const { home, database, secrets, authority, people, notifying, usage, live, log } = parts;
  const { settings, outbox } = notifying;
  const catalog = new Catalog(database, secrets, clock.now);
  const endpoints = new Endpoints(database, secrets, clock.now);
  const known = {
    isModel: (name: string) =>
      catalog.list().some((model) => model.name === name) ||
      providers.list().some(({ models }) => models.some((model) => model.name === name)),
    isEndpoint: (id: string) => endpoints.find(id)?.id === id,
  };
  const providers = new Providers(database, secrets, clock.now);
  const aliases = new Aliases(database, known, clock.now);
  const hosts = new Hosts(database, clock.now, (error) => {
    log(`hosts: their reports are not saved for now. ${describe(error)}`);
  });
  tellPeers(hosts);
  const tunnels = new Tunnels({
    send: (id, command) => hosts.send(id, command),
    changed: (id) => relays.tunnelled(id),
    now: clock.steady,
  });
  const routing = createRouting(clock);
  const hub = { endpoint: hubFromEnvironment().endpoint, fetch: fetchOutside, timeout_ms: 8000 };
  const imported = importedModelsIn(home);
  const store: S3Store = {
    access: () => s3Access(settings),
    fetch: fetchOutside,
    now: clock.now,
    timeout_ms: 8000,
  };
  settings.onChange(() => lifecycle.resync());
  const resolve = createResolver({
    hub,
    store,
    imported: imported.onHub,
    readLocal: async (path) => imported.atPath(path) ?? readLocalModel(path),
  });
  const ledger = new Ledger(database);
  const record = recorderOf(ledger, log);
  const statuses = () => lifecycle.statuses();
  const recounts = new Recounts();
  const telemetry = new Telemetry(database, {
    now: clock.now,
    steady: clock.steady,
    snapshot: snapshotsOf({
      endpoints,
      hosts,
      statuses,
      demandOf: routing.demand,
      inflight: () => gateway.inflight(),
      now: clock.now,
    }),
    retention: () => settings.current().retention,
    more: () => [driftFamily(database, clock.now())],
    report: (error) => log(`telemetry: ${describe(error)}`),
  });
  const gateway: Gateway = createGateway({
    authenticate: people.callers.authenticate,
    identity: authority.server,
    machines: {
      pins: (id) => hosts.pins(id),
      claim: (id, name, user) => tunnels.claim(id, name, user),
    },
    router: routing,
    limits: people.limits,
    costOf: people.costOf,
    usage,
    recount: (ask, request) => recounts.count(ask, request),
    measured: (measured) => telemetry.observeRequest(measured),
    now: clock.steady,
    wall: clock.now,
    report: (error) => log(`gateway: ${describe(error)}`),
  });
  const keyOf = usableKeys(providers, (line) => log(`providers: ${line}`));
  const trigger = () => lifecycle.trigger();
  const lifecycle: Lifecycle = new Lifecycle(
    database,
    {
      observe: worldOf({
        catalog,
        endpoints,
        hosts,
        routing,
        resolve,
        trigger,
        measured: ledger.find,
        ttftOf: (id) => telemetry.recentTtft(id),
      }),
      rules: () => ({
        placing_timeout_ms: settings.current().endpoints.build_timeout_s * 1000,
        unready_timeout_ms: settings.current().endpoints.unready_timeout_s * 1000,
      }),
      endpoints,
      announce(changes) {
        for (const { endpoint_id, wake } of changes) {
          if (!wake) continue;
          telemetry.observeWake(wake.depth, wake.duration_ms);
          ledger.woke(endpoint_id, wake);
        }
        const find = (id: string) => endpoints.find(id);
        for (const notice of noticesOf(changes, find, clock.now())) outbox.add(notice);
      },
      tokenOf: (id) => endpoints.tokenOf(id) || catalog.tokenOf(id),
      s3Access: s3AccessForHosts(settings, log),
      setDesired: (id, desired) => hosts.setDesired(id, desired),
      published(now_statuses, unplaced) {
        const reach = (id: string) => hosts.reach(id);
        const routed = [
          ...withProviders(
            routedModels(catalog.list(), now_statuses, reach, unplaced),
            providers.list(),
            keyOf,
            (base_url) => proxyTo(base_url, environment()),
          ),
          ...routedEndpoints(endpoints, now_statuses, reach),
        ];
        routing.replace(routed, aliases.list());
        models.changed();
        void reconciliation.tick();
        hosts.tick(clock.now());
        record(readyReplicas(now_statuses, hosts.list()));
      },
      report: (error) => log(`lifecycle: ${describe(error)}`),
    },
    clock.now,
  );
  const reconciliation = composeReconciliation({
    database,
    usage,
    hosts,
    routing,
    statuses,
    log,
    gateway: () => gateway,
  });
  const relays = new RelayWatch({
    hosts,
    tunnels,
    // The name of no replica: the relay greets, and closes.
    probe: (relay) =>
      gateway.probe({ ...relay, relay: { server_name: relayName(""), tunnel: false } }),
    changed() {
      live.changed("hosts");
      live.changed("models");
    },
  });

  const models = new ModelWatch({
    find: (model) => catalog.find(model),
    statuses,
    unplaced: () => lifecycle.unplaced(),
    hosts: () => hosts.list(),
    hostProblem: (host_id) => relays.problem(host_id),
  });

  routing.onDemand(trigger);
  catalog.onChange(() => {
    live.changed("models");
    trigger();
  });
  for (const routes of [aliases, providers]) {
    routes.onChange(() => {
      live.changed("models");
      trigger();
    });
  }
  endpoints.onChange(() => {
    live.changed("endpoints");
    trigger();
  });
  hosts.onChange((change) => {
    live.changed("hosts");
    live.changed("endpoints");
    if (change === "replicas") live.changed("models");
    if (change === "hosts") void relays.check();
    trigger();
  });
  hosts.onRemove((id) => {
    tunnels.remove(id);
    gateway.cutHost(id);
  });

  return {
    gateway,
    catalog,
    aliases,
    providers,
    endpoints,
    hosts,
    lifecycle,
    routing,
    relays,
    tunnels,
    telemetry,
    reconciliation,
    ledger,
    hub,
    imported,
    store,
    resolve,
    models,
  };
}

function describe(error: unknown): string {
  return error instanceof Error ? (error.stack ?? error.message) : String(error);
}
