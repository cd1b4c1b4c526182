import { Elysia, t } from "elysia";
import type { Guard } from "../../../shared/access.ts";
import type { Alias } from "./alias.ts";
import type { Aliases } from "./aliases.ts";

const closed = { additionalProperties: false };
const name = t.String();
const targets = t.Array(t.Object({ model: t.String(), weight: t.Number() }, closed));
const fallbacks = t.Optional(t.Array(t.String()));

/** For admins: an alias decides for everybody where requests go. */
export function aliasRoutes(aliases: Aliases, guard: Guard) {
  const view = (alias: Alias) => aliases.view(alias);
  return new Elysia()
    .derive(({ request }) => ({ caller: guard(request, "admin") }))
    .get("/api/aliases", () => ({ data: aliases.list().map(view) }))
    .post(
      "/api/aliases",
      ({ body, set }) => {
        set.status = 201;
        return view(aliases.create(body));
      },
      { body: t.Object({ name, targets, fallbacks }, closed) },
    )
    .patch("/api/aliases/:id", ({ params, body }) => view(aliases.update(params.id, body)), {
      body: t.Object({ name: t.Optional(name), targets: t.Optional(targets), fallbacks }, closed),
    })
    .delete("/api/aliases/:id", ({ params, set }) => {
      aliases.remove(params.id);
      set.status = 204;
    });
}
