import { t } from "elysia";
import type { Guard } from "../../../shared/access.ts";
import { closed, routesFor, told, wholeNumber } from "../../route-schema.ts";
import { type Alias, max_targets, weights } from "./alias.ts";
import type { Aliases } from "./aliases.ts";

const name = t.String();
const targets = t.Array(t.Object({ model: t.String(), weight: wholeNumber(weights) }, closed), {
  maxItems: max_targets,
});
const fallbacks = t.Optional(t.Array(t.String(), { maxItems: max_targets }));
const aliasBody = t.Object({ name, targets, fallbacks }, closed);
export type AliasBody = typeof aliasBody.static;
const aliasChanges = t.Object(
  { name: t.Optional(name), targets: t.Optional(targets), fallbacks },
  closed,
);
export type AliasChanges = typeof aliasChanges.static;

/** For admins: an alias decides for everybody where requests go. */
export function aliasRoutes(aliases: Aliases, guard: Guard) {
  const view = (alias: Alias) => aliases.view(alias);
  return routesFor(guard, "admin", "Routing")
    .get("/api/aliases", () => ({ data: aliases.list().map(view) }), told("List the aliases."))
    .post(
      "/api/aliases",
      ({ body, set }) => {
        set.status = 201;
        return view(aliases.create(body));
      },
      {
        ...told("Add a further name for models, with shares and fallbacks.", {
          201: "It is added.",
          409: "The name is taken.",
        }),
        body: aliasBody,
      },
    )
    .patch("/api/aliases/:id", ({ params, body }) => view(aliases.update(params.id, body)), {
      ...told("Change an alias.", { 200: "As it is now.", 409: "The name is taken." }),
      body: aliasChanges,
    })
    .delete(
      "/api/aliases/:id",
      ({ params, set }) => {
        aliases.remove(params.id);
        set.status = 204;
      },
      told("Remove an alias.", { 204: "It is removed." }),
    );
}
