import { Elysia, t } from "elysia";
import type { Guard } from "../../../shared/access.ts";
import { limitsBody } from "../limits/body.ts";
import type { Users, UserView } from "./users.ts";

const role = t.Union([t.Literal("viewer"), t.Literal("member"), t.Literal("admin")]);
const closed = { additionalProperties: false };

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

const settings = { team_id: t.Optional(t.Union([t.String(), t.Null()])), ...limitsBody };

export function userRoutes({ users, guard, teamName, spentBy }: UserParts) {
  const shown = (user: UserView): ShownUser => ({
    ...user,
    team: user.team_id && teamName(user.team_id),
    spent_this_month: spentBy(user.email),
  });
  return (
    new Elysia()
      // Before validation, so that a stranger learns nothing about the shape of a request.
      .derive(({ request }) => ({ caller: guard(request, "admin") }))
      .get("/api/users", () => ({ data: users.list().map(shown) }))
      .post(
        "/api/users",
        async ({ body, set }) => {
          set.status = 201;
          return shown(await users.create(body));
        },
        {
          body: t.Object(
            {
              email: t.String(),
              password: t.String(),
              role,
              name: t.Optional(t.String()),
              ...settings,
            },
            closed,
          ),
        },
      )
      .patch(
        "/api/users/:id",
        async ({ params, body }) => shown(await users.update(params.id, body)),
        {
          body: t.Object(
            {
              name: t.Optional(t.String()),
              role: t.Optional(role),
              password: t.Optional(t.String()),
              ...settings,
            },
            closed,
          ),
        },
      )
      .delete("/api/users/:id", ({ params }) => ({
        id: params.id,
        streams_cut: users.remove(params.id),
      }))
  );
}
