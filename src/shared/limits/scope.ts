import type { LimitFields } from "./fields.ts";

/**
 * Money that was spent this calendar month (UTC), by key, user and team. The rows on disk are the truth: a month is read
 * from them when it is first asked for, be it the next one or, after a clock that was ahead, the one before.
 */

export type SpenderKind = "key" | "user" | "team";

/** What is counted together: a key, a user, or a team. */
export interface Scope {
  readonly kind: SpenderKind;
  readonly id: string;
  /** The name by which usage rows know it: a key's prefix, a user's address, a team's name. */
  readonly spender: string;
  readonly limits: LimitFields;
}
