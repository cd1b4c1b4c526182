import type { Identity, Sent } from "../../../shared/access.ts";
import { Failure } from "../../../shared/failure.ts";
import { isCrossSite, sessionToken } from "./cookie.ts";
import { passwordMatches } from "./password.ts";
import type { Sessions } from "./sessions.ts";
import type { LoginThrottle } from "./throttle.ts";
import { normalEmail, type Users, type UserView } from "./users.ts";

export interface SignInParts {
  users: Pick<Users, "find" | "withPassword">;
  sessions: Pick<Sessions, "start" | "find" | "end">;
  throttle: LoginThrottle;
  now(): number;
}

export interface SignIn {
  /** Throws 401 `invalid_login` alike for an unknown e-mail and a wrong password, 429 when throttled. */
  login(
    email: string,
    password: string,
    address: string,
  ): Promise<{ user: UserView; token: string }>;
  logout(request: Request): void;
  /** Who holds the request's session; null without one. Throws 403 when another site made the request. */
  identify(request: Sent): Identity | null;
}

export function createSignIn({ users, sessions, throttle, now }: SignInParts): SignIn {
  return {
    async login(email, password, address) {
      const account = normalEmail(email);
      const wait_s = throttle.attempt(account, address, now());
      if (wait_s > 0) throw tooManyLogins(wait_s);
      const hash = users.withPassword(account)?.password_hash;
      const matches = await passwordMatches(password, hash);
      const row = users.withPassword(account);
      // Hashing takes a while: the user may have been removed or given a new password meanwhile.
      const user = row && users.find(row.id);
      if (!matches || !user || row.password_hash !== hash) throw wrongLogin();
      throttle.succeeded(account, address, now());
      return { user, token: sessions.start(user.id) };
    },

    logout(request) {
      const token = sessionToken(request);
      if (token !== null) sessions.end(token);
    },

    identify(request) {
      const token = sessionToken(request);
      const user_id = token === null ? null : sessions.find(token);
      const user = user_id === null ? undefined : users.find(user_id);
      if (!user) return null;
      refuseCrossSite(request);
      return { user_id: user.id, email: user.email, role: user.role, via: "session" };
    },
  };
}

/** Also for login and logout, which another site could otherwise trigger in a visitor's browser. */
export function refuseCrossSite(request: Sent): void {
  if (!isCrossSite(request)) return;
  throw new Failure(
    403,
    "The browser says that another site made this request. If a proxy stands in front, let it keep the Host header.",
    { code: "cross_site_request" },
  );
}

function wrongLogin(): Failure {
  return new Failure(401, "E-mail or password is wrong.", { code: "invalid_login" });
}

function tooManyLogins(wait_s: number): Failure {
  const minutes = Math.ceil(wait_s / 60);
  return new Failure(
    429,
    `Too many failed logins. Try again in ${minutes === 1 ? "a minute" : `${minutes} minutes`}.`,
    { code: "too_many_logins", type: "requests", headers: { "retry-after": String(wait_s) } },
  );
}
