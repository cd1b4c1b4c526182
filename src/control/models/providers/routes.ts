import { t } from "elysia";
import type { Guard } from "../../../shared/access.ts";
import { inWordsOf, respelled, type Spelled } from "../../../shared/spelling.ts";
import { closed, routesFor, told, wholeNumber } from "../../route-schema.ts";
import { probe } from "./probe.ts";
import { models_max, slots, viewOf } from "./provider.ts";
import type { Providers } from "./providers.ts";

export interface ProviderParts {
  providers: Providers;
  guard: Guard;
  fetch(url: string, init: RequestInit): Promise<Response>;
}

const settings = {
  api_key: t.Optional(t.String()),
  enabled: t.Optional(t.Boolean()),
  concurrency: t.Optional(wholeNumber(slots)),
  slots: t.Optional(wholeNumber(slots)),
  n_slots: t.Optional(wholeNumber(slots)),
  models: t.Optional(
    t.Array(
      t.Object(
        {
          name: t.String(),
          upstream: t.Optional(t.String()),
          burst: t.Optional(t.Boolean()),
        },
        closed,
      ),
      { maxItems: models_max },
    ),
  ),
};
const providerBody = t.Object({ name: t.String(), base_url: t.String(), ...settings }, closed);
export type ProviderBody = typeof providerBody.static;
const providerChanges = t.Object(
  { name: t.Optional(t.String()), base_url: t.Optional(t.String()), ...settings },
  closed,
);
export type ProviderChanges = typeof providerChanges.static;

export function providerRoutes({ providers, guard, fetch }: ProviderParts) {
  return routesFor(guard, "admin", "Routing")
    .get(
      "/api/providers",
      () => ({ data: providers.list().map(viewOf) }),
      told("List the services elsewhere that serve models."),
    )
    .post(
      "/api/providers",
      async ({ body, set }) => {
        const provider = await inWordsOf(body, () => providers.create(inputOf(body)));
        set.status = 201;
        return viewOf(provider);
      },
      {
        ...told("Add a service elsewhere.", { 201: "It is added.", 409: "The name is taken." }),
        body: providerBody,
      },
    )
    .patch(
      "/api/providers/:id",
      async ({ params, body }) =>
        viewOf(await inWordsOf(body, () => providers.update(params.id, inputOf(body)))),
      {
        ...told("Change a service elsewhere. Without `api_key` its key stays."),
        body: providerChanges,
      },
    )
    .delete(
      "/api/providers/:id",
      ({ params, set }) => {
        providers.remove(params.id);
        set.status = 204;
      },
      told("Remove a service elsewhere.", { 204: "It is removed." }),
    )
    .post(
      "/api/providers/:id/test",
      async ({ params }) => {
        const provider = providers.existing(params.id);
        return await probe(provider, providers.keyOf(provider), fetch);
      },
      told("Try whether a service answers and takes its key.", {
        200: "Whether it does, with a sentence.",
      }),
    );
}

/** The table's own word for the field that has several. */
function inputOf<Body extends Spelled>(body: Body) {
  const { concurrency: slots, ...rest } = respelled(body);
  return { ...rest, ...(slots !== undefined && { slots }) };
}
