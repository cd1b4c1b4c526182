import { Elysia, t } from "elysia";
import type { Guard } from "../access.ts";
import type { Users } from "./users.ts";

const role = t.Union([t.Literal("viewer"), t.Literal("member"), t.Literal("admin")]);
const closed = { additionalProperties: false };

export function userRoutes(users: Users, guard: Guard) {
  return (
    new Elysia()
      // Before validation, so that a stranger learns nothing about the shape of a request.
      .derive(({ request }) => ({ caller: guard(request, "admin") }))
      .get("/api/users", () => ({ data: users.list() }))
      .post(
        "/api/users",
        ({ body, set }) => {
          set.status = 201;
          return users.create(body);
        },
        {
          body: t.Object(
            { email: t.String(), password: t.String(), role, name: t.Optional(t.String()) },
            closed,
          ),
        },
      )
      .patch("/api/users/:id", ({ params, body }) => users.update(params.id, body), {
        body: t.Object(
          {
            name: t.Optional(t.String()),
            role: t.Optional(role),
            password: t.Optional(t.String()),
          },
          closed,
        ),
      })
      .delete("/api/users/:id", ({ params, set }) => {
        users.remove(params.id);
        set.status = 204;
      })
  );
}
