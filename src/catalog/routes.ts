import { Elysia, t } from "elysia";
import type { Guard } from "../access.ts";
import type { Catalog } from "./catalog.ts";
import { type Model, namedInput } from "./entry.ts";
import { type ModelStatus, type Named, openAIList, viewOf } from "./listing.ts";

export interface CatalogParts {
  catalog: Catalog;
  guard: Guard;
  /** Which of the two worlds a request comes from. Throws 401 for a guest and for a key that is not valid. */
  worldOf(request: Request): "control" | "inference";
  statusOf(model_id: string): ModelStatus;
  /** What the one who asks may use, for applications. */
  usableBy(request: Request): readonly Named[];
}

const closed = { additionalProperties: false };
const optionalNames = { name: t.Optional(t.String()), source: t.Optional(t.String()) };
const settings = {
  runtime: t.Optional(t.Literal("llama-server")),
  context_tokens: t.Optional(t.Number()),
  slots: t.Optional(t.Number()),
  replicas: t.Optional(t.Union([t.Number(), t.Null()])),
  enabled: t.Optional(t.Boolean()),
};

export function catalogRoutes({ catalog, guard, worldOf, statusOf, usableBy }: CatalogParts) {
  const view = (model: Model) => viewOf(model, statusOf(model.id));

  const everyone = new Elysia().get("/api/models", ({ request }) =>
    worldOf(request) === "inference"
      ? openAIList(usableBy(request))
      : { object: "list" as const, data: catalog.list().map(view) },
  );

  const admins = new Elysia()
    .derive(({ request }) => ({ caller: guard(request, "admin") }))
    .post(
      "/api/models",
      ({ body, set }) => {
        set.status = 201;
        return view(catalog.create(namedInput(body)));
      },
      { body: t.Object({ ...optionalNames, model: t.Optional(t.String()), ...settings }, closed) },
    )
    .patch("/api/models/:id", ({ params, body }) => view(catalog.update(params.id, body)), {
      body: t.Object({ ...optionalNames, ...settings }, closed),
    })
    .delete("/api/models/:id", ({ params, set }) => {
      catalog.remove(params.id);
      set.status = 204;
    });

  return new Elysia().use(everyone).use(admins);
}
