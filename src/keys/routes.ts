import { Elysia, t } from "elysia";
import type { Guard, Role } from "../access.ts";
import type { Keys } from "./keys.ts";

const closed = { additionalProperties: false };
const expires_at = t.Optional(t.Union([t.Number(), t.Null()]));

export function keyRoutes(keys: Keys, guard: Guard) {
  const as =
    (least: Role) =>
    ({ request }: { request: Request }) => ({ caller: guard(request, least) });

  /** A former member who is a viewer now can still see and end the keys that they have. */
  const viewers = new Elysia()
    .derive(as("viewer"))
    .get("/api/keys", ({ caller }) => ({ data: keys.list(caller) }))
    .delete("/api/keys/:id", ({ caller, params }) => keys.revoke(caller, params.id));

  const members = new Elysia()
    .derive(as("member"))
    .post(
      "/api/keys",
      ({ caller, body, set }) => {
        set.status = 201;
        return keys.issue(caller, body);
      },
      {
        body: t.Object(
          {
            name: t.String(),
            scope: t.Optional(t.Union([t.Literal("inference"), t.Literal("admin")])),
            expires_at,
          },
          closed,
        ),
      },
    )
    .patch("/api/keys/:id", ({ caller, params, body }) => keys.update(caller, params.id, body), {
      body: t.Object({ name: t.Optional(t.String()), expires_at }, closed),
    });

  return new Elysia().use(viewers).use(members);
}
