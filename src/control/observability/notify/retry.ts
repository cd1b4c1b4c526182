/** When a notice that was not accepted is tried again. Pure. */
import type { Outcome } from "./channel.ts";

const hour_ms = 3_600_000;
const first_delay_ms = 5_000;
export const longest_delay_ms = hour_ms;
const patience_ms = 24 * hour_ms;
const tries_of_refused = 3;

export type Next = { next_attempt_at: number } | { given_up: string };

/**
 * ATTEMPTS counts the one that has just failed. Delays double from 5 s to 1 h; RANDOM (0 to 1) moves
 * them by a fifth either way, so that what failed together does not come back together.
 */
export function afterRefusal(
  { attempts, created_at }: { attempts: number; created_at: number },
  { retry, detail }: Pick<Outcome, "retry" | "detail">,
  now: number,
  random: number,
): Next {
  if (retry === "never") return { given_up: detail };
  if (retry === "limited" && attempts >= tries_of_refused) {
    return { given_up: `Refused ${attempts} times: ${detail}` };
  }
  if (now - created_at >= patience_ms) return { given_up: `Not accepted within a day: ${detail}` };
  const delay_ms = Math.min(longest_delay_ms, first_delay_ms * 2 ** Math.min(attempts - 1, 20));
  return { next_attempt_at: now + Math.round(delay_ms * (0.8 + 0.4 * random)) };
}
