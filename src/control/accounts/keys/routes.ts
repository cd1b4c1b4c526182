import { Elysia, t } from "elysia";
import type { Guard } from "../../../shared/access.ts";
import { closed, orNull, routesFor, told } from "../../route-schema.ts";
import { limitsBody } from "../limits/body.ts";
import type { Keys, KeyView } from "./keys.ts";

const settings = {
  expires_at: orNull(t.Number({ description: "Milliseconds since 1970." })),
  ...limitsBody,
  allowed_cidrs: orNull(t.Array(t.String(), { description: "Such as 10.0.0.0/8." })),
};
const keyBody = t.Object(
  {
    name: t.String(),
    scope: t.Optional(t.Union([t.Literal("inference"), t.Literal("admin")])),
    ...settings,
  },
  closed,
);
export type KeyBody = typeof keyBody.static;
const keyChanges = t.Object({ name: t.Optional(t.String()), ...settings }, closed);
export type KeyChanges = typeof keyChanges.static;

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

  /** A former member who is a viewer now can still see and end the keys that they have. */
  const viewers = routesFor(guard, "viewer", "Access")
    .get(
      "/api/keys",
      ({ caller }) => ({ data: keys.list(caller).map(shown) }),
      told("List your keys; an admin's list has everybody's."),
    )
    .delete(
      "/api/keys/:id",
      ({ caller, params }) => keys.revoke(caller, params.id),
      told("Revoke a key.", { 200: "It works no more, and its open streams are cut." }),
    );

  const members = routesFor(guard, "member", "Access")
    .post(
      "/api/keys",
      ({ caller, body, set }) => {
        set.status = 201;
        return shown(keys.issue(caller, body));
      },
      {
        ...told("Make a key. Only an admin makes one with the scope admin.", {
          201: "With the key itself, which is shown this once.",
        }),
        body: keyBody,
      },
    )
    .patch(
      "/api/keys/:id",
      ({ caller, params, body }) => shown(keys.update(caller, params.id, body)),
      { ...told("Change a key's name or limits."), body: keyChanges },
    );

  return new Elysia().use(viewers).use(members);
}
