/**
 * Whether the relays of other machines can be reached from here; those that cannot are asked for tunnels,
 * until they can. What is still a problem then is for people, who else see a ready replica that answers
 * nobody.
 */
import type { Hosts } from "./hosts.ts";
import type { ReachabilityHints } from "./reachability.ts";
import type { Tunnels } from "./tunnels.ts";

export interface Relay {
  host_id: string;
  host: string;
  port: number;
}

/** Null when the relay answered; `untrusted` when another host did; else why there was no answer. */
export type Probe = (relay: Relay) => Promise<string | null>;

export interface RelayWatchParts {
  hosts: Pick<Hosts, "list" | "ways" | "isUp" | "useTunnel">;
  tunnels: Pick<Tunnels, "ask" | "dismiss" | "count">;
  probe: Probe;
  /** Called when a problem came or went. */
  changed(): void;
}

const every_ms = 15_000;

export class RelayWatch {
  readonly #parts: RelayWatchParts;
  /** Of the hosts whose runtimes can be reached by their tunnels alone; null while there are some. */
  readonly #problems = new Map<string, string>();
  /** Without a relay, and asked for tunnels since they connected: those have to come yet. */
  readonly #asked = new Set<string>();
  #timer: Timer | undefined;

  constructor(parts: RelayWatchParts) {
    this.#parts = parts;
  }

  /** One sentence for a person; null when the host's runtimes can be reached, or nobody knows yet. */
  problem(host_id: string): string | null {
    const { tunnels } = this.#parts;
    return (tunnels.count(host_id) === 0 && this.#problems.get(host_id)) || null;
  }

  start(): void {
    this.#timer = setInterval(() => void this.check(), every_ms);
  }

  stop(): void {
    clearInterval(this.#timer);
  }

  /** Asks all relays; to be called when a host has connected. */
  async check(): Promise<void> {
    const ids = new Set(this.#parts.hosts.list().map(({ id }) => id));
    for (const id of this.#problems.keys()) if (!ids.has(id)) this.#problems.delete(id);
    for (const id of this.#asked) if (!ids.has(id)) this.#asked.delete(id);
    await Promise.all([...ids].map((id) => this.#lookAt(id)));
  }

  /** The host has its first tunnel, or none any more. */
  tunnelled(host_id: string): void {
    const { hosts, tunnels, changed } = this.#parts;
    if (!this.#problems.has(host_id)) return;
    if (tunnels.count(host_id) > 0) hosts.useTunnel(host_id, true);
    changed();
  }

  async #lookAt(id: string): Promise<void> {
    const { hosts, tunnels } = this.#parts;
    const ways = hosts.isUp(id) ? hosts.ways(id) : null;
    if (ways?.tunnel) tunnels.ask(id);
    const problem = ways && (await this.#problemOf(id, ways));
    // It has reconnected while we asked, and is asked again.
    if (ways && hosts.ways(id)?.relay?.port !== ways.relay?.port) return;
    if (ways && problem !== null) {
      tunnels.ask(id);
      if (tunnels.count(id) > 0) hosts.useTunnel(id, true);
    } else if (ways) {
      hosts.useTunnel(id, false);
      tunnels.dismiss(id);
    }
    const isEarly = problem === no_tunnel && !this.#asked.has(id);
    this.#remember(id, isEarly ? null : problem);
    if (problem === no_tunnel) this.#asked.add(id);
    else this.#asked.delete(id);
  }

  async #problemOf(
    host_id: string,
    { loopback, relay }: ReachabilityHints,
  ): Promise<string | null> {
    if (loopback) return null;
    if (!relay) return no_tunnel;
    const fault = await this.#parts.probe({ host_id, ...relay });
    return fault === null ? null : sentence(relay, fault);
  }

  #remember(id: string, problem: string | null): void {
    const before = this.problem(id);
    if (problem === null) this.#problems.delete(id);
    else this.#problems.set(id, problem);
    if (this.problem(id) !== before) this.#parts.changed();
  }
}

const no_tunnel =
  "Its agent has opened no tunnel yet, and its runtimes can be reached only through one. If this does not change, look into the agent's log.";

function sentence({ host, port }: NonNullable<ReachabilityHints["relay"]>, fault: string): string {
  const address = `${host}:${port}`;
  if (fault === "untrusted") {
    return `Another machine answers at ${address}, where this host said that its relay is, and the host has opened no tunnel. Give the host its own address or --relay-port, or start its agent with --tunnel.`;
  }
  return `Its relay at ${address} cannot be reached from the control plane (${fault}), and it has opened no tunnel. Let the control plane connect to TCP port ${port} of the host, or look into the agent's log for why it has no tunnel.`;
}
