import { Elysia, t } from "elysia";
import type { Guard } from "../../../shared/access.ts";
import { inWordsOf, respelled, type Spelled } from "../../../shared/spelling.ts";
import { probe } from "./probe.ts";
import { viewOf } from "./provider.ts";
import type { Providers } from "./providers.ts";

export interface ProviderParts {
  providers: Providers;
  guard: Guard;
  fetch(url: string, init: RequestInit): Promise<Response>;
}

const closed = { additionalProperties: false };
const settings = {
  api_key: t.Optional(t.String()),
  enabled: t.Optional(t.Boolean()),
  concurrency: t.Optional(t.Number()),
  slots: t.Optional(t.Number()),
  n_slots: t.Optional(t.Number()),
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
    ),
  ),
};

export function providerRoutes({ providers, guard, fetch }: ProviderParts) {
  return new Elysia()
    .derive(({ request }) => ({ caller: guard(request, "admin") }))
    .get("/api/providers", () => ({ data: providers.list().map(viewOf) }))
    .post(
      "/api/providers",
      async ({ body, set }) => {
        const provider = await inWordsOf(body, () => providers.create(inputOf(body)));
        set.status = 201;
        return viewOf(provider);
      },
      { body: t.Object({ name: t.String(), base_url: t.String(), ...settings }, closed) },
    )
    .patch(
      "/api/providers/:id",
      async ({ params, body }) =>
        viewOf(await inWordsOf(body, () => providers.update(params.id, inputOf(body)))),
      {
        body: t.Object(
          { name: t.Optional(t.String()), base_url: t.Optional(t.String()), ...settings },
          closed,
        ),
      },
    )
    .delete("/api/providers/:id", ({ params, set }) => {
      providers.remove(params.id);
      set.status = 204;
    })
    .post("/api/providers/:id/test", async ({ params }) => {
      const provider = providers.existing(params.id);
      return await probe(provider, providers.keyOf(provider), fetch);
    });
}

/** The table's own word for the field that has several. */
function inputOf<Body extends Spelled>(body: Body) {
  const { concurrency: slots, ...rest } = respelled(body);
  return { ...rest, ...(slots !== undefined && { slots }) };
}
