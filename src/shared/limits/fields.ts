/** What limits a key, a user or a team: the fields that they share, and what may stand in them. Pure. */
import { badRequest } from "../failure.ts";

export interface LimitFields {
  /** Requests in a minute. */
  rpm_limit: number | null;
  /** Tokens in a minute, of prompts and completions together. */
  tpm_limit: number | null;
  /** Requests in flight at once. */
  max_parallel_requests: number | null;
  /** Money in a calendar month (UTC). */
  monthly_budget: number | null;
  /** The only models, by the names that requests use. */
  models: readonly string[] | null;
}

export const noLimits: Readonly<LimitFields> = {
  rpm_limit: null,
  tpm_limit: null,
  max_parallel_requests: null,
  monthly_budget: null,
  models: null,
};

const whole = ["rpm_limit", "tpm_limit", "max_parallel_requests"] as const;
export const amount_max = 1e12;
export const count_bounds = [1, amount_max] as const;
const models_max = 200;

/** BEFORE with the limits that CHANGES has. Throws 400 that names the field. */
export function checkedLimits(changes: Partial<LimitFields>, before: LimitFields): LimitFields {
  const { rpm_limit, tpm_limit, max_parallel_requests, monthly_budget, models } = {
    ...before,
    ...definedIn(changes),
  };
  const limits = { rpm_limit, tpm_limit, max_parallel_requests, monthly_budget, models };
  for (const field of whole) checkWhole(field, limits[field]);
  checkBudget(monthly_budget);
  return { ...limits, models: checkedModels(models) };
}

function definedIn(changes: Partial<LimitFields>): Partial<LimitFields> {
  return Object.fromEntries(Object.entries(changes).filter(([, value]) => value !== undefined));
}

function checkWhole(field: string, value: number | null): void {
  if (value === null || (Number.isInteger(value) && value >= 1 && value <= amount_max)) return;
  throw badRequest(`\`${field}\` is a whole number from 1 on, or null for no limit.`, field);
}

function checkBudget(value: number | null): void {
  if (value === null || (Number.isFinite(value) && value >= 0 && value <= amount_max)) return;
  throw badRequest(
    "`monthly_budget` is an amount from 0 on, in the currency of the prices, or null for no limit.",
    "monthly_budget",
  );
}

function checkedModels(models: readonly string[] | null): readonly string[] | null {
  if (models === null) return null;
  const names = [...new Set(models.map((name) => name.trim()))];
  if (names.length <= models_max && names.every((name) => name !== "" && name.length <= 256)) {
    return names;
  }
  throw badRequest(
    `\`models\` is a list of at most ${models_max} names of models, or null for all.`,
    "models",
  );
}
