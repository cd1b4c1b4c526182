/** Users, sessions and keys, and how a request is recognised by them. */
import { guardWith, type Identity } from "../access.ts";
import { callersFrom } from "../callers.ts";
import { hasAdminKey, keepAdminKey, keepLogin, keptLogin, newLogin } from "../first-login.ts";
import { Keys } from "../keys/keys.ts";
import { keyRoutes } from "../keys/routes.ts";
import type { Live } from "../notify/live.ts";
import type { Database } from "../storage/database.ts";
import { authRoutes } from "../users/auth-routes.ts";
import { userRoutes } from "../users/routes.ts";
import { Sessions } from "../users/sessions.ts";
import { createSignIn } from "../users/sign-in.ts";
import { LoginThrottle } from "../users/throttle.ts";
import { Users } from "../users/users.ts";
import { clock } from "./clock.ts";

export type People = ReturnType<typeof composePeople>;

export function composePeople(
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
    /** Undefined when there is no such user any more. */
    emailOf: (user_id: string) => users.find(user_id)?.email,
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
