import { t } from "elysia";
import type { Guard } from "../../../shared/access.ts";
import { closed, orNull, routesFor, told } from "../../route-schema.ts";
import { limitsBody } from "../limits/body.ts";
import type { Users, UserView } from "./users.ts";

const role = t.Union([t.Literal("viewer"), t.Literal("member"), t.Literal("admin")]);

export interface ShownUser extends UserView {
  /** The name of their team. */
  team: string | null;
  spent_this_month: number;
}

export interface UserParts {
  users: Users;
  guard: Guard;
  teamName(id: string): string | null;
  spentBy(email: string): number;
}

const settings = { team_id: orNull(t.String()), ...limitsBody };
const userBody = t.Object(
  {
    email: t.String(),
    password: t.String(),
    role,
    name: t.Optional(t.String()),
    ...settings,
  },
  closed,
);
export type UserBody = typeof userBody.static;
const userChanges = t.Object(
  {
    name: t.Optional(t.String()),
    role: t.Optional(role),
    password: t.Optional(t.String()),
    ...settings,
  },
  closed,
);
export type UserChanges = typeof userChanges.static;

export function userRoutes({ users, guard, teamName, spentBy }: UserParts) {
  const shown = (user: UserView): ShownUser => ({
    ...user,
    team: user.team_id && teamName(user.team_id),
    spent_this_month: spentBy(user.email),
  });
  return routesFor(guard, "admin", "Access")
    .get("/api/users", () => ({ data: users.list().map(shown) }), told("List the users."))
    .post(
      "/api/users",
      async ({ body, set }) => {
        set.status = 201;
        return shown(await users.create(body));
      },
      {
        ...told("Add a user.", { 201: "They can sign in.", 409: "The address is taken." }),
        body: userBody,
      },
    )
    .patch(
      "/api/users/:id",
      async ({ params, body }) => shown(await users.update(params.id, body)),
      {
        ...told("Change a user. Another role or password ends their sessions.", {
          200: "As they are now.",
          409: "The last admin stays one.",
        }),
        body: userChanges,
      },
    )
    .delete(
      "/api/users/:id",
      ({ params }) => ({ id: params.id, streams_cut: users.remove(params.id) }),
      told("Remove a user, with their keys and sessions.", {
        200: "They are gone, and their open streams are cut.",
        409: "The last admin stays.",
      }),
    );
}
