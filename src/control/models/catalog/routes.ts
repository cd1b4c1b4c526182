import { Elysia, t } from "elysia";
import type { Guard } from "../../../shared/access.ts";
import { inWordsOf, respelled, type Spelled } from "../../../shared/spelling.ts";
import { isDryRun } from "../resolution/forecast.ts";
import type { Model } from "./entry.ts";
import { createIntake, type IntakeParts } from "./intake.ts";
import { type ModelStatus, type Named, openAIList, viewOf } from "./listing.ts";

export interface CatalogParts extends IntakeParts {
  guard: Guard;
  /** Which of the two worlds a request comes from. Throws 401 for a guest and for a key that is not valid. */
  worldOf(request: Request): "control" | "inference";
  statusOf(model_id: string): ModelStatus;
  /** What the one who asks may use, for applications. */
  usableBy(request: Request): readonly Named[];
}

const closed = { additionalProperties: false };
const optionalNames = { name: t.Optional(t.String()), source: t.Optional(t.String()) };
const orNull = <Schema extends Parameters<typeof t.Optional>[0]>(schema: Schema) =>
  t.Optional(t.Union([schema, t.Null()]));
const settings = {
  revision: orNull(t.String()),
  runtime: t.Optional(
    t.Union([t.Literal("auto"), t.Literal("vllm"), t.Literal("sglang"), t.Literal("llama-server")]),
  ),
  context_tokens: orNull(t.Number()),
  context: orNull(t.Number()),
  concurrency: t.Optional(t.Number()),
  slots: t.Optional(t.Number()),
  n_slots: t.Optional(t.Number()),
  gpu: t.Optional(t.Unknown()),
  replicas: orNull(t.Number()),
  enabled: t.Optional(t.Boolean()),
  hf_token: orNull(t.String()),
};
const newModel = t.Object({ ...optionalNames, model: t.Optional(t.String()), ...settings }, closed);

export function catalogRoutes(parts: CatalogParts) {
  const { catalog, guard, worldOf, statusOf, usableBy } = parts;
  const intake = createIntake(parts);
  const view = (model: Model) => viewOf(model, catalog.hasToken(model.id), statusOf(model.id));

  const everyone = new Elysia().get("/api/models", ({ request }) =>
    worldOf(request) === "inference"
      ? openAIList(usableBy(request))
      : { object: "list" as const, data: catalog.list().map(view) },
  );

  const viewers = new Elysia()
    .derive(({ request }) => ({ caller: guard(request, "viewer") }))
    .get("/api/models/:id", ({ params }) => view(catalog.existing(params.id)));

  const admins = new Elysia()
    .derive(({ request }) => ({ caller: guard(request, "admin") }))
    .post(
      "/api/models",
      async ({ body, query, set }) => {
        if (isDryRun(query)) return inWordsOf(body, () => intake.forecast(inputOf(body)));
        const model = await inWordsOf(body, () => intake.add(inputOf(body)));
        set.status = 201;
        return view(model);
      },
      { body: newModel, query: t.Object({ dry_run: t.Optional(t.String()) }, closed) },
    )
    .patch(
      "/api/models/:id",
      async ({ params, body }) =>
        view(await inWordsOf(body, () => intake.change(params.id, inputOf(body)))),
      { body: t.Object({ ...optionalNames, ...settings }, closed) },
    )
    .delete("/api/models/:id", ({ params, set }) => {
      catalog.remove(params.id);
      set.status = 204;
    });

  return new Elysia().use(everyone).use(viewers).use(admins);
}

/** The catalog's own words for the two fields that have several. */
function inputOf<Body extends Spelled>(body: Body) {
  const { context: context_tokens, concurrency: slots, ...rest } = respelled(body);
  return {
    ...rest,
    ...(context_tokens !== undefined && { context_tokens }),
    ...(slots !== undefined && { slots }),
  };
}
