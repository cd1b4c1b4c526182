/**
 * Whether the relays of other machines can be reached from here. Routing does not ask: a request that
 * fails says it sooner. This is for people, who else see a ready replica that answers nobody.
 */
import type { Hosts, Reach } from "./hosts.ts";

export type Relay = Extract<Reach, { via: "relay" }>;

/** Null when the relay answered; `untrusted` when another host did; else why there was no answer. */
export type Knock = (relay: Relay) => Promise<string | null>;

export interface RelayWatchParts {
  hosts: Pick<Hosts, "list" | "reach" | "isUp">;
  knock: Knock;
  /** Called when a problem came or went. */
  changed(): void;
}

const every_ms = 15_000;

export class RelayWatch {
  readonly #parts: RelayWatchParts;
  readonly #problems = new Map<string, string>();
  #timer: Timer | undefined;

  constructor(parts: RelayWatchParts) {
    this.#parts = parts;
  }

  /** One sentence for a person; null when the host's runtimes can be reached, or nobody knows yet. */
  problem(host_id: string): string | null {
    return this.#problems.get(host_id) ?? null;
  }

  start(): void {
    this.#timer = setInterval(() => void this.look(), every_ms);
  }

  stop(): void {
    clearInterval(this.#timer);
  }

  /** Asks all relays; to be called when a host has connected. */
  async look(): Promise<void> {
    const ids = new Set(this.#parts.hosts.list().map(({ id }) => id));
    for (const id of this.#problems.keys()) if (!ids.has(id)) this.#problems.delete(id);
    await Promise.all([...ids].map((id) => this.#lookAt(id)));
  }

  async #lookAt(id: string): Promise<void> {
    const { hosts, knock, changed } = this.#parts;
    const reach = hosts.isUp(id) ? hosts.reach(id) : null;
    const relay = reach?.via === "relay" ? reach : null;
    const fault = relay && (await knock(relay));
    const problem = relay && fault !== null ? sentence(relay, fault) : undefined;
    if (problem === this.#problems.get(id)) return;
    if (problem === undefined) this.#problems.delete(id);
    else this.#problems.set(id, problem);
    changed();
  }
}

function sentence({ host, port }: Relay, fault: string): string {
  const address = `${host}:${port}`;
  if (fault === "untrusted") {
    return `Another machine answers at ${address}, where this host said that its relay is. Give the host an address or a --relay-port of its own.`;
  }
  return `Its relay at ${address} cannot be reached from the control plane (${fault}). Let the control plane connect to TCP port ${port} of the host.`;
}
