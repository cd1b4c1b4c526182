/** The form of what both endpoints and shared models are asked for with. */
import { t } from "elysia";
import { closed, orNull, wholeNumber } from "../../route-schema.ts";
import { gpu_count } from "./asked-field.ts";

export const runtimeSchema = t.Union([
  t.Literal("auto"),
  t.Literal("vllm"),
  t.Literal("sglang"),
  t.Literal("llama-server"),
]);

/** Null, and what is left out: the appliance chooses. */
export const gpuSchema = orNull(
  t.Object(
    {
      type: orNull(t.String({ description: "Such as H100-80, or cpu." })),
      count: orNull(wholeNumber(gpu_count)),
    },
    closed,
  ),
);
