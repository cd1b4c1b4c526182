/** Slows down password guessing (OWASP ASVS 2.4.1). Time arrives as an argument, in milliseconds. */
import { LRUCache } from "lru-cache";

const window_ms = 15 * 60_000;
const failures_per_email = 5;
const failures_per_address = 20;
/** Above this many e-mails and addresses the ones that failed longest ago are forgotten. */
const tracked_max = 10_000;

export class LoginThrottle {
  readonly #failures = new LRUCache<string, number[]>({ max: tracked_max });

  /**
   * Returns the seconds to wait, or 0 when the login may be tried. An attempt counts as a failure
   * until `succeeded` is called, so that guesses sent at the same moment are counted too.
   */
  attempt(email: string, address: string, now: number): number {
    const byEmail = this.#recent(`email ${email}`, now);
    const byAddress = this.#recent(`address ${address}`, now);
    const wait_ms = Math.max(
      waitFor(byEmail, failures_per_email, now),
      waitFor(byAddress, failures_per_address, now),
    );
    if (wait_ms > 0) return Math.ceil(wait_ms / 1000);
    this.#set(`email ${email}`, [...byEmail, now]);
    this.#set(`address ${address}`, [...byAddress, now]);
    return 0;
  }

  /**
   * Clears the e-mail. The address gets back only this attempt: otherwise someone with an account
   * could guess at others for ever by logging in between.
   */
  succeeded(email: string, address: string, now: number): void {
    this.#failures.delete(`email ${email}`);
    this.#set(`address ${address}`, this.#recent(`address ${address}`, now).slice(0, -1));
  }

  #recent(key: string, now: number): number[] {
    return (this.#failures.peek(key) ?? []).filter((at) => now - at < window_ms);
  }

  #set(key: string, failures: number[]): void {
    if (failures.length > 0) this.#failures.set(key, failures);
    else this.#failures.delete(key);
  }
}

function waitFor(failures: readonly number[], allowed: number, now: number): number {
  const oldest = failures.at(-allowed);
  return oldest === undefined ? 0 : oldest + window_ms - now;
}
