import { t } from "elysia";
import type { Guard } from "../../../shared/access.ts";
import { inWordsOf, respelled } from "../../../shared/spelling.ts";
import { closed, routesFor, told, wholeNumber } from "../../route-schema.ts";
import { answerFromHub, type ReadHub } from "./hub-question.ts";
import type { FindMeasured } from "./measured.ts";
import { answer, bounds, type Question } from "./question.ts";

/** `model` is a name or a repository of the hub: no path of the appliance is read for a member. */
const question = t.Object(
  {
    model: t.Optional(t.String()),
    config: t.Optional(
      t.Record(t.String(), t.Unknown(), { description: "A model's config.json." }),
    ),
    gpu: t.Optional(t.String()),
    gpus: t.Optional(wholeNumber(bounds.gpus)),
    context_tokens: t.Optional(wholeNumber(bounds.context)),
    context: t.Optional(wholeNumber(bounds.context)),
    concurrency: t.Optional(wholeNumber(bounds.concurrency)),
    slots: t.Optional(wholeNumber(bounds.concurrency)),
    n_slots: t.Optional(wholeNumber(bounds.concurrency)),
    utilization: t.Optional(t.Number({ exclusiveMinimum: 0, maximum: 1 })),
    dtype: t.Optional(t.String()),
  },
  closed,
);

/** READ_HUB: absent on an appliance without a network. MEASURED: what starts here have taken. */
export function sizingRoutes(guard: Guard, readHub?: ReadHub, measured?: FindMeasured) {
  return routesFor(guard, "member", "Models").post(
    "/api/size",
    // `async` also for Elysia, which catches rejections of handlers that it can see are async.
    async ({ body }) =>
      inWordsOf(body, () => {
        const asked: Question = respelled(body);
        return readHub ? answerFromHub(asked, readHub, measured) : answer(asked);
      }),
    {
      ...told("Say what a model needs and whether it fits, without running it.", {
        200: "Memory by kind, and what would fit.",
        422: "The model's size is not known.",
      }),
      body: question,
    },
  );
}
