import { integer, real, text } from "drizzle-orm/sqlite-core";

/** What a key, a user and a team can each be limited to. Null: not limited here. */
export const limitColumns = () => ({
  /** Requests in a minute. */
  rpm_limit: integer("rpm_limit"),
  /** Tokens in a minute, of prompts and completions together. */
  tpm_limit: integer("tpm_limit"),
  /** Requests in flight at once. */
  max_parallel_requests: integer("max_parallel_requests"),
  /** Money in a calendar month (UTC), in the currency of the prices. */
  monthly_budget: real("monthly_budget"),
  /** The only models, by the names that requests use. */
  models: text("models", { mode: "json" }).$type<readonly string[]>(),
});
