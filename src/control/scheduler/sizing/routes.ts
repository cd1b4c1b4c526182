import { Elysia, t } from "elysia";
import type { Guard } from "../../../shared/access.ts";
import { inWordsOf, respelled } from "../../../shared/spelling.ts";
import { answerFromHub, type ReadHub } from "./hub-question.ts";
import type { FindMeasured } from "./measured.ts";
import { answer, type Question } from "./question.ts";

/** `model` is a name or a repository of the hub: no path of the appliance is read for a member. */
const question = t.Object(
  {
    model: t.Optional(t.String()),
    config: t.Optional(t.Unknown()),
    gpu: t.Optional(t.String()),
    gpus: t.Optional(t.Number()),
    context_tokens: t.Optional(t.Number()),
    context: t.Optional(t.Number()),
    concurrency: t.Optional(t.Number()),
    slots: t.Optional(t.Number()),
    n_slots: t.Optional(t.Number()),
    utilization: t.Optional(t.Number()),
    dtype: t.Optional(t.String()),
  },
  { additionalProperties: false },
);

/** READ_HUB: absent on an appliance without a network. MEASURED: what starts here have taken. */
export function sizingRoutes(guard: Guard, readHub?: ReadHub, measured?: FindMeasured) {
  return new Elysia()
    .derive(({ request }) => ({ caller: guard(request, "member") }))
    .post(
      "/api/size",
      // `async` also for Elysia, which catches rejections of handlers that it can see are async.
      async ({ body }) =>
        inWordsOf(body, () => {
          const asked: Question = respelled(body);
          return readHub ? answerFromHub(asked, readHub, measured) : answer(asked);
        }),
      { body: question },
    );
}
