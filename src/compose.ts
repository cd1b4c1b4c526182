/** The only file that builds the parts of the appliance and introduces them to each other. */
import { join } from "node:path";
import { relayName } from "../agent/contract/relay-name.ts";
import { version } from "../package.json";
import { guardWith, type Identity } from "./access.ts";
import { callersFrom } from "./callers.ts";
import { Catalog } from "./catalog/catalog.ts";
import { catalogRoutes } from "./catalog/routes.ts";
import type { Config } from "./config.ts";
import { loadDashboard } from "./dashboard.ts";
import {
  hasAdminKey,
  keepAdminKey,
  keepLogin,
  keptLogin,
  type Login,
  newLogin,
  prepareHome,
} from "./first-login.ts";
import { type Authority, loadAuthority } from "./fleet/authority.ts";
import { default_expiry_s, Enrolment } from "./fleet/enrolment.ts";
import { Hosts } from "./fleet/hosts.ts";
import { RelayWatch } from "./fleet/relay-watch.ts";
import { hostRoutes } from "./fleet/routes.ts";
import { startFleetServer } from "./fleet/server.ts";
import { createGateway } from "./gateway/gateway.ts";
import { createHttp } from "./http.ts";
import { Keys } from "./keys/keys.ts";
import { keyRoutes } from "./keys/routes.ts";
import { modelStatus, replicasOnHost, routedModels } from "./lifecycle/published.ts";
import { Lifecycle, type Surroundings } from "./lifecycle/reconcile.ts";
import { dialAddresses, listen } from "./listen.ts";
import { Live } from "./notify/live.ts";
import { liveRoutes } from "./notify/routes.ts";
import { createRouting } from "./routing/routing.ts";
import { sizingRoutes } from "./sizing/routes.ts";
import { type Database, openDatabase } from "./storage/database.ts";
import { usageRoutes } from "./usage/routes.ts";
import { UsageLog } from "./usage/usage.ts";
import { authRoutes } from "./users/auth-routes.ts";
import { userRoutes } from "./users/routes.ts";
import { Sessions } from "./users/sessions.ts";
import { createSignIn } from "./users/sign-in.ts";
import { LoginThrottle } from "./users/throttle.ts";
import { Users } from "./users/users.ts";

export interface Appliance {
  url: string;
  agent_port: number;
  /** Makes a one-time join token, as `POST /api/hosts/join-tokens` does. */
  joinToken(): string;
  /** The login that the first start made. */
  firstLogin(): Login;
  /** KNOWN when it is still good, else a new inference key of the first admin. */
  keepKey(name: string, known: string | undefined): string;
  /** Puts a model into the catalog unless one of this name is there. */
  ensureModel(model: { name: string; source: string }): void;
  /** Resolves when a replica of the model is ready; rejects with its problem when it failed for good. */
  modelReady(name: string, signal: AbortSignal): Promise<void>;
  /** Lets open requests finish for a while, then ends everything. Agents and runtimes go on. */
  stop(): Promise<void>;
}

export interface ApplianceOptions {
  log(line: string): void;
  /** Take any free port for agents when the configured one is taken. */
  any_agent_port?: boolean;
}

/** Wall clock for what is stored, a clock that never goes back for what is measured. */
const clock = {
  now: () => Date.now(),
  steady: () => performance.timeOrigin + performance.now(),
};

export async function startAppliance(
  config: Config,
  { log, any_agent_port }: ApplianceOptions,
): Promise<Appliance> {
  prepareHome(config.home);
  const database = openDatabase(join(config.home, "hypervize.db"));
  const authority = await loadAuthority(config.home, clock.now());
  const live = new Live();
  const people = composePeople(database, config.home, (key_id) => gateway.cut(key_id), live);
  const usage = new UsageLog(database, { log });
  usage.onRecord(() => live.changed("usage"));
  const serving = composeServing({ database, authority, people, usage, live, log });
  const { gateway, catalog, hosts, lifecycle, routing, relays } = serving;

  const enrolment = new Enrolment({
    database,
    authority,
    now: clock.now,
    addresses: () => dialAddresses(config.advertise, fleet.port),
    joined: () => hosts.added(),
  });
  const fleet = await startFleetServer(
    { authority, enrolment, hosts, log },
    { host: config.host, port: config.agent_port, any_port: any_agent_port ?? false },
  );

  const { guard, callers } = people;
  const { statusOf } = serving;
  const replicasOf = (id: string) => replicasOnHost(id, lifecycle.statuses(), routing.inflight);
  const problemOf = (id: string) => relays.problem(id);
  const http = createHttp({
    version,
    now: clock.now,
    log,
    routes: [
      ...people.routes((request) => server.requestIP(request)?.address ?? "unknown"),
      catalogRoutes({ catalog, guard, worldOf: callers.worldOf, statusOf }),
      hostRoutes({ hosts, enrolment, guard, problemOf, replicasOf }),
      usageRoutes(database, guard, clock.now),
      liveRoutes(live, guard),
      sizingRoutes(guard),
    ],
  });
  const server = listen(config, { gateway, http, dashboard: await loadDashboard() });
  lifecycle.start();
  relays.start();

  return {
    url: `http://localhost:${server.port}`,
    agent_port: fleet.port,
    joinToken: () => enrolment.createToken("demo", default_expiry_s).token,
    firstLogin: people.firstLogin,
    keepKey: people.keepKey,
    ensureModel(model) {
      if (!catalog.find(model.name)) catalog.create(model);
    },
    modelReady: serving.modelReady,
    async stop() {
      live.close();
      await server.close();
      lifecycle.stop();
      relays.stop();
      gateway.close();
      fleet.stop();
      usage.flush();
      database.$client.close();
    },
  };
}

interface ServingParts {
  database: Database;
  authority: Authority;
  people: Pick<ReturnType<typeof composePeople>, "callers">;
  usage: UsageLog;
  live: Live;
  log(line: string): void;
}

/** From the catalog to a replica that answers: what is wanted, where it runs, who gets a request. */
function composeServing({ database, authority, people, usage, live, log }: ServingParts) {
  const routing = createRouting(clock.steady);
  const gateway = createGateway({
    authenticate: people.callers.authenticate,
    identity: authority.server,
    router: routing,
    usage,
    now: clock.steady,
    report: (error) => log(`gateway: ${describe(error)}`),
  });
  const catalog = new Catalog(database, clock.now);
  const hosts = new Hosts(database, clock.now);
  const watchers = new Set<() => void>();
  const surroundings: Surroundings = {
    models: () => catalog.list(),
    hosts: () =>
      hosts.list().map(({ id, cordoned, inventory }) => ({
        id,
        cordoned,
        runtimes: inventory?.runtimes.map(({ name }) => name) ?? [],
        down_for_ms: hosts.downFor(id),
      })),
    observed: (id) => hosts.observed(id),
    setDesired: (id, desired) => hosts.setDesired(id, desired),
    published(statuses) {
      routing.replace(routedModels(catalog.list(), statuses, (id) => hosts.reach(id)));
      for (const watcher of watchers) watcher();
    },
    report: (error) => log(`lifecycle: ${describe(error)}`),
  };
  const lifecycle = new Lifecycle(database, surroundings, clock.now);
  const relays = new RelayWatch({
    hosts,
    // The name of no replica: the relay greets, and closes.
    knock: ({ host, port, certificate_sha256 }) =>
      gateway.knock({ host, port, relay: { server_name: relayName(""), certificate_sha256 } }),
    changed() {
      live.changed("hosts");
      live.changed("models");
    },
  });
  catalog.onChange(() => {
    live.changed("models");
    lifecycle.nudge();
  });
  hosts.onChange((change) => {
    live.changed("hosts");
    if (change === "replicas") live.changed("models");
    else void relays.look();
    lifecycle.nudge();
  });

  const statusOf = (id: string) => {
    const model = catalog.find(id);
    if (!model) throw new Error(`no model ${id}`);
    return modelStatus(model, lifecycle.statuses(), (host_id) => relays.problem(host_id));
  };
  const modelReady = (name: string, signal: AbortSignal) =>
    new Promise<void>((resolve, reject) => {
      const end = (finish: () => void): void => {
        watchers.delete(look);
        finish();
      };
      const look = (): void => {
        const { ready_replicas, problem } = statusOf(name);
        if (ready_replicas > 0) end(resolve);
        else if (signal.aborted)
          end(() => reject(new Error(problem ?? `${name} is not ready yet.`)));
      };
      watchers.add(look);
      signal.addEventListener("abort", look);
      look();
    });
  return { gateway, catalog, hosts, lifecycle, routing, relays, statusOf, modelReady };
}

function describe(error: unknown): string {
  return error instanceof Error ? (error.stack ?? error.message) : String(error);
}

/** Users, sessions and keys, and how a request is recognised by them. */
function composePeople(
  database: Database,
  home: string,
  cut: (key_id: string) => number,
  live: Live,
) {
  const keys = new Keys(database, { now: clock.now, cut, changed: () => live.changed("keys") });
  const sessions = new Sessions(database, clock.now);
  const users = new Users(database, { sessions, keys }, clock.now);
  const throttle = new LoginThrottle();
  const signIn = createSignIn({ users, sessions, throttle, now: clock.now });
  const callers = callersFrom({
    verify: (token) => keys.verify(token, clock.now()),
    findUser: (id) => users.find(id),
    session: (request) => signIn.identify(request),
  });
  const guard = guardWith(callers.identify);

  const firstAdmin = (): Identity => {
    const admin = users.list().find(({ role }) => role === "admin");
    if (!admin) throw new Error("There is no admin.");
    return { user_id: admin.id, email: admin.email, role: admin.role, via: "key" };
  };
  // The file before the row: a crash in between must not leave an admin whose password nobody knows.
  if (users.list().length === 0) {
    const login = newLogin();
    keepLogin(home, login);
    users.ensureFirstAdmin(login);
  }
  if (!hasAdminKey(home)) {
    keepAdminKey(home, keys.issue(firstAdmin(), { name: "command line", scope: "admin" }).key);
  }

  return {
    guard,
    callers,
    routes: (addressOf: (request: Request) => string) => [
      authRoutes({ users, signIn, guard, addressOf }),
      userRoutes(users, guard),
      keyRoutes(keys, guard),
    ],
    firstLogin: () => keptLogin(home) ?? { email: firstAdmin().email, password: "(changed)" },
    keepKey(name: string, known: string | undefined): string {
      try {
        keys.verify(known ?? "", clock.now());
        return known ?? "";
      } catch {
        return keys.issue(firstAdmin(), { name }).key;
      }
    },
  };
}
