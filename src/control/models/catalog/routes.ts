import { Elysia, t } from "elysia";
import type { Guard } from "../../../shared/access.ts";
import { inWordsOf, respelled, type Spelled } from "../../../shared/spelling.ts";
import { about, closed, dryRun, orNull, routesFor, told, wholeNumber } from "../../route-schema.ts";
import { gpuSchema, runtimeSchema } from "../resolution/asked-schema.ts";
import { isDryRun } from "../resolution/forecast.ts";
import { bounds, type Model } from "./entry.ts";
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

const optionalNames = { name: t.Optional(t.String()), source: t.Optional(t.String()) };
const settings = {
  revision: orNull(t.String()),
  runtime: t.Optional(runtimeSchema),
  context_tokens: orNull(wholeNumber(bounds.context_tokens)),
  context: orNull(wholeNumber(bounds.context_tokens)),
  concurrency: t.Optional(wholeNumber(bounds.slots)),
  slots: t.Optional(wholeNumber(bounds.slots)),
  n_slots: t.Optional(wholeNumber(bounds.slots)),
  gpu: gpuSchema,
  replicas: orNull(wholeNumber(bounds.replicas)),
  enabled: t.Optional(t.Boolean()),
  hf_token: orNull(t.String()),
};
/** `model` is the word for `source` in a provision; one of the two is needed. */
const modelBody = t.Object(
  { ...optionalNames, model: t.Optional(t.String()), ...settings },
  closed,
);
export type ModelBody = typeof modelBody.static;
const modelChanges = t.Object({ ...optionalNames, ...settings }, closed);
export type ModelChanges = typeof modelChanges.static;

export function catalogRoutes(parts: CatalogParts) {
  const { catalog, guard, worldOf, statusOf, usableBy } = parts;
  const intake = createIntake(parts);
  const view = (model: Model) => viewOf(model, catalog.hasToken(model.id), statusOf(model.id));

  const everyone = new Elysia(about("Models", "inference")).get(
    "/api/models",
    ({ request }) =>
      worldOf(request) === "inference"
        ? openAIList(usableBy(request))
        : { object: "list" as const, data: catalog.list().map(view) },
    told("List the shared models. A key for inference gets OpenAI's list of what it may use."),
  );

  const viewers = routesFor(guard, "viewer", "Models").get(
    "/api/models/:id",
    ({ params }) => view(catalog.existing(params.id)),
    told("Show a shared model."),
  );

  const admins = routesFor(guard, "admin", "Models")
    .post(
      "/api/models",
      async ({ body, query, set }) => {
        if (isDryRun(query)) return inWordsOf(body, () => intake.forecast(inputOf(body)));
        const model = await inWordsOf(body, () => intake.add(inputOf(body)));
        set.status = 201;
        return view(model);
      },
      {
        ...told("Add a shared model.", {
          200: "With `dry_run`: what would become of it.",
          201: "It is in the catalog, and its replicas start.",
          409: "The name is taken.",
        }),
        body: modelBody,
        query: dryRun,
      },
    )
    .patch(
      "/api/models/:id",
      async ({ params, body }) =>
        view(await inWordsOf(body, () => intake.change(params.id, inputOf(body)))),
      { ...told("Change a shared model."), body: modelChanges },
    )
    .delete(
      "/api/models/:id",
      ({ params, set }) => {
        catalog.remove(params.id);
        set.status = 204;
      },
      told("Remove a shared model.", { 204: "It is removed, and its replicas end." }),
    );

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
