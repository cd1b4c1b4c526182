import { Elysia, t } from "elysia";
import type { Guard } from "../../../shared/access.ts";
import { notFound } from "../../../shared/failure.ts";
import { about, closed, routesFor, told } from "../../route-schema.ts";
import { sessionCookie } from "./cookie.ts";
import { refuseCrossSite, type SignIn } from "./sign-in.ts";
import type { Users, UserView } from "./users.ts";

export interface AuthParts {
  users: Pick<Users, "find">;
  signIn: Pick<SignIn, "login" | "logout">;
  guard: Guard;
  /** Where the connection comes from; failed logins are counted by it. */
  addressOf(request: Request): string;
}

export type SignedIn = Pick<UserView, "id" | "email" | "name" | "role">;

const loginBody = t.Object({ email: t.String(), password: t.String() }, closed);
export type LoginBody = typeof loginBody.static;

export function authRoutes({ users, signIn, guard, addressOf }: AuthParts) {
  const anybody = new Elysia(about("Access", "guest"))
    .post(
      "/api/auth/login",
      async ({ request, body, set }) => {
        refuseCrossSite(request);
        const { user, token } = await signIn.login(body.email, body.password, addressOf(request));
        set.headers["set-cookie"] = sessionCookie(request, token);
        return { user: signedIn(user) };
      },
      {
        ...told("Sign in: the answer sets a session cookie.", {
          200: "Who is signed in.",
          401: "The address or the password is wrong.",
          429: "Too many tries.",
        }),
        body: loginBody,
      },
    )
    .post(
      "/api/auth/logout",
      ({ request, set }) => {
        refuseCrossSite(request);
        signIn.logout(request);
        set.status = 204;
        set.headers["set-cookie"] = sessionCookie(request, null);
      },
      told("Sign out.", { 204: "The session has ended." }),
    );
  const somebody = routesFor(guard, "viewer", "Access").get(
    "/api/auth/me",
    ({ caller }) => {
      const user = users.find(caller.user_id);
      if (!user) throw notFound("This account was removed.");
      return { user: signedIn(user) };
    },
    told("Say who is signed in."),
  );
  return new Elysia().use(anybody).use(somebody);
}

function signedIn({ id, email, name, role }: UserView): SignedIn {
  return { id, email, name, role };
}
