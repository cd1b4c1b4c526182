/** Users, sessions and keys, and how a request is recognised by them. */

import { callersFrom, type InferenceCaller } from "../control/accounts/callers.ts";
import { Keys } from "../control/accounts/keys/keys.ts";
import { keyRoutes } from "../control/accounts/keys/routes.ts";
import { teamRoutes } from "../control/accounts/teams/routes.ts";
import { Teams } from "../control/accounts/teams/teams.ts";
import { authRoutes } from "../control/accounts/users/auth-routes.ts";
import { userRoutes } from "../control/accounts/users/routes.ts";
import { Sessions } from "../control/accounts/users/sessions.ts";
import { createSignIn } from "../control/accounts/users/sign-in.ts";
import { LoginThrottle } from "../control/accounts/users/throttle.ts";
import { Users } from "../control/accounts/users/users.ts";
import type { DashboardEvents } from "../control/observability/notify/dashboard-events.ts";
import { type Database, flushing } from "../control/storage/database.ts";
import { Prices } from "../control/usage/prices/prices.ts";
import { priceRoutes } from "../control/usage/prices/routes.ts";
import type { UsageLog } from "../control/usage/usage.ts";
import { Limiter } from "../gateway/limits/limiter.ts";
import { guardWith, type Identity } from "../shared/access.ts";
import type { SpenderKind } from "../shared/limits/scope.ts";
import { clock } from "./clock.ts";
import { hasAdminKey, keepAdminKey, keepLogin, keptLogin, newLogin } from "./first-login.ts";
import { composeSpend, renameSpender } from "./spending.ts";

export type Accounts = ReturnType<typeof composeAccounts>;

export interface AccountsDeps {
  database: Database;
  home: string;
  /** Ends the open requests of a key, or of a user's sessions; returns how many there were. */
  cut: { key(id: string): number; user(id: string): number };
  live: DashboardEvents;
  usage: UsageLog;
  addressOf(request: Request): string;
}

export function composeAccounts({ database, home, cut, live, usage, addressOf }: AccountsDeps) {
  const { key: cutKey, user: cutUser } = cut;
  const changed = () => live.changed("keys");
  const keys = new Keys(database, { now: clock.now, cut: cutKey, changed });
  const sessions = new Sessions(database, clock.now);
  const spend = composeSpend(database, usage);
  const teams = new Teams(database, {
    now: clock.now,
    renamed: (from, to) => renameSpender(database, spend, from, to),
  });
  const isTeam = (id: string) => teams.find(id) !== undefined;
  const users = new Users(database, { sessions, keys, isTeam, cut: cutUser }, clock.now);
  const throttle = new LoginThrottle();
  const signIn = createSignIn({ users, sessions, throttle, now: clock.steady });
  const callers = callersFrom({
    verify: (token) => keys.verify(token, clock.now()),
    findUser: (id) => users.find(id),
    findTeam: (id) => teams.find(id),
    session: (request) => signIn.identify(request),
    addressOf,
  });
  const guard = guardWith(callers.identify);
  const prices = new Prices(database);
  const limiter = new Limiter<InferenceCaller>({
    spend,
    now: clock.steady,
    wall: clock.now,
    scopesOf: ({ scopes }) => scopes,
  });
  const spentBy = (kind: SpenderKind) => (name: string) => spend.of(kind, name, clock.now());

  const firstAdmin = (): Identity => {
    const admin = users.list().find(({ role }) => role === "admin");
    if (!admin) throw new Error("There is no admin.");
    return { user_id: admin.id, email: admin.email, role: admin.role, via: "key" };
  };
  // The file before the row: a crash in between must not leave an admin whose password nobody knows.
  if (users.list().length === 0) {
    const login = newLogin();
    keepLogin(home, login);
    flushing(database, () => users.ensureFirstAdmin(login));
  }
  // The row before the file: with the file alone, no start would make another key.
  if (!hasAdminKey(home)) {
    const issue = () => keys.issue(firstAdmin(), { name: "command line", scope: "admin" });
    keepAdminKey(home, flushing(database, issue).key);
  }

  return {
    guard,
    callers,
    limits: limiter,
    costOf: (target: Parameters<Prices["costOf"]>[0], counts: Parameters<Prices["costOf"]>[1]) =>
      prices.costOf(target, counts),
    /** Undefined when there is no such user any more. */
    emailOf: (user_id: string) => users.find(user_id)?.email,
    routes: [
      authRoutes({ users, signIn, guard, addressOf }),
      userRoutes({
        users,
        guard,
        spentBy: spentBy("user"),
        teamName: (id) => teams.find(id)?.name ?? null,
      }),
      keyRoutes({ keys, guard, spentBy: spentBy("key") }),
      teamRoutes({
        teams,
        guard,
        spentBy: spentBy("team"),
        membersOf: (id) => users.list().filter(({ team_id }) => team_id === id).length,
        freed: (id) => users.leaveTeam(id),
      }),
      priceRoutes(prices, guard),
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
