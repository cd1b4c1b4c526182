import type { RuntimeFound } from "../contract/protocol/messages.ts";
import { pause } from "../session/reconnect-pause.ts";
import type { RuntimeDriver } from "./runtime.ts";

/** The runtimes that work on this host, as its control plane sees them. */
export class FoundRuntimes {
  /** Called when one works that was missing. */
  changed: () => void = () => undefined;
  /** True from then until the next look. */
  outdated = false;
  readonly #drivers: readonly RuntimeDriver[];
  readonly #every_ms: number;
  #missing: readonly RuntimeDriver[] = [];

  constructor(drivers: readonly RuntimeDriver[], every_ms: number) {
    this.#drivers = drivers;
    this.#every_ms = every_ms;
  }

  async look(): Promise<RuntimeFound[]> {
    this.outdated = false;
    const found = await Promise.all(this.#drivers.map((driver) => driver.detect()));
    this.#missing = this.#drivers.filter((_, at) => found[at] === undefined);
    return found.filter((runtime) => runtime !== undefined);
  }

  /** Docker may start after the agent does when the host has booted, and images are pulled later: looks for those again. */
  async keep(signal: AbortSignal): Promise<void> {
    for (;;) {
      await pause(this.#every_ms, signal);
      if (signal.aborted) return;
      const missing = this.#missing.filter(({ elsewhere }) => elsewhere);
      const found = await Promise.all(missing.map((driver) => driver.detect()));
      if (found.every((runtime) => runtime === undefined)) continue;
      this.outdated = true;
      this.changed();
    }
  }
}
