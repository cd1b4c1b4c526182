/** The limit fields as routes take them. */
import { t } from "elysia";
import { amount_max, count_bounds } from "../../../shared/limits/fields.ts";
import { orNull, wholeNumber } from "../../route-schema.ts";

const count = orNull(wholeNumber(count_bounds));

export const limitsBody = {
  rpm_limit: count,
  tpm_limit: count,
  max_parallel_requests: count,
  monthly_budget: orNull(t.Number({ minimum: 0, maximum: amount_max })),
  models: orNull(t.Array(t.String())),
};
