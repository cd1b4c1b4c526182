import { Elysia, t } from "elysia";
import type { Guard } from "../access.ts";
import { answer } from "./question.ts";

/** `model` is only a name here: no path of the appliance is read for a member. */
const question = t.Object(
  {
    model: t.Optional(t.String()),
    config: t.Optional(t.Unknown()),
    gpu: t.Optional(t.String()),
    gpus: t.Optional(t.Number()),
    context: t.Optional(t.Number()),
    concurrency: t.Optional(t.Number()),
    utilization: t.Optional(t.Number()),
    dtype: t.Optional(t.String()),
  },
  { additionalProperties: false },
);

export function sizingRoutes(guard: Guard) {
  return new Elysia()
    .derive(({ request }) => ({ caller: guard(request, "member") }))
    .post("/api/size", ({ body }) => answer(body), { body: question });
}
