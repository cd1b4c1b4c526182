/** The limit fields as routes take them. */
import { t } from "elysia";

const amount = t.Optional(t.Union([t.Number(), t.Null()]));

export const limitsBody = {
  rpm_limit: amount,
  tpm_limit: amount,
  max_parallel_requests: amount,
  monthly_budget: amount,
  models: t.Optional(t.Union([t.Array(t.String()), t.Null()])),
};
