import { Elysia, t } from "elysia";
import type { Guard } from "../../../shared/access.ts";
import { notFound } from "../../../shared/failure.ts";
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

export function authRoutes({ users, signIn, guard, addressOf }: AuthParts) {
  return new Elysia()
    .post(
      "/api/auth/login",
      async ({ request, body, set }) => {
        refuseCrossSite(request);
        const { user, token } = await signIn.login(body.email, body.password, addressOf(request));
        set.headers["set-cookie"] = sessionCookie(request, token);
        return { user: signedIn(user) };
      },
      {
        body: t.Object(
          { email: t.String(), password: t.String() },
          { additionalProperties: false },
        ),
      },
    )
    .post("/api/auth/logout", ({ request, set }) => {
      refuseCrossSite(request);
      signIn.logout(request);
      set.status = 204;
      set.headers["set-cookie"] = sessionCookie(request, null);
    })
    .get("/api/auth/me", ({ request }) => {
      const user = users.find(guard(request, "viewer").user_id);
      if (!user) throw notFound("This account was removed.");
      return { user: signedIn(user) };
    });
}

function signedIn({ id, email, name, role }: UserView): SignedIn {
  return { id, email, name, role };
}
