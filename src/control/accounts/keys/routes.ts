import { Elysia, t } from "elysia";
import type { Guard, Role } from "../../../shared/access.ts";
import { limitsBody } from "../limits/body.ts";
import type { Keys, KeyView } from "./keys.ts";

const closed = { additionalProperties: false };
const settings = {
  expires_at: t.Optional(t.Union([t.Number(), t.Null()])),
  ...limitsBody,
  allowed_cidrs: t.Optional(t.Union([t.Array(t.String()), t.Null()])),
};

export type ShownKey = KeyView & { spent_this_month: number };

export interface KeyRouteParts {
  keys: Keys;
  guard: Guard;
  spentBy(prefix: string): number;
}

export function keyRoutes({ keys, guard, spentBy }: KeyRouteParts) {
  const shown = <Key extends KeyView>(key: Key) => ({
    ...key,
    spent_this_month: spentBy(key.prefix),
  });
  const as =
    (least: Role) =>
    ({ request }: { request: Request }) => ({ caller: guard(request, least) });

  /** A former member who is a viewer now can still see and end the keys that they have. */
  const viewers = new Elysia()
    .derive(as("viewer"))
    .get("/api/keys", ({ caller }) => ({ data: keys.list(caller).map(shown) }))
    .delete("/api/keys/:id", ({ caller, params }) => keys.revoke(caller, params.id));

  const members = new Elysia()
    .derive(as("member"))
    .post(
      "/api/keys",
      ({ caller, body, set }) => {
        set.status = 201;
        return shown(keys.issue(caller, body));
      },
      {
        body: t.Object(
          {
            name: t.String(),
            scope: t.Optional(t.Union([t.Literal("inference"), t.Literal("admin")])),
            ...settings,
          },
          closed,
        ),
      },
    )
    .patch(
      "/api/keys/:id",
      ({ caller, params, body }) => shown(keys.update(caller, params.id, body)),
      {
        body: t.Object({ name: t.Optional(t.String()), ...settings }, closed),
      },
    );

  return new Elysia().use(viewers).use(members);
}
