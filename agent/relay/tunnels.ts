/** The store of unused tunnels of a host that cannot be dialled. */
import { pause, reconnectPause } from "../session/reconnect-pause.ts";
import { Tunnel, type TunnelOptions } from "./tunnel.ts";

export interface TunnelsOptions extends Pick<TunnelOptions, "doorOf"> {
  /** Asked for every new tunnel. */
  identity(): TunnelOptions["identity"];
  /** Uniform in 0 … 1. */
  random(): number;
}

/** Whatever is asked for, no more are kept: a store is refilled as it is used. */
const most = 256;

/**
 * Keeps as many unused tunnels open as the control plane wants. What is taken is replaced at once; what
 * is lost or refused, after a pause that grows.
 */
export class Tunnels {
  readonly #options: TunnelsOptions;
  readonly #open = new Set<Tunnel>();
  /** Being opened, or unused. */
  readonly #store = new Set<Tunnel>();
  /** Of the store, those that are not admitted yet. */
  readonly #opening = new Set<Tunnel>();
  #wanted = 0;
  #address = "";
  #failures = 0;
  #isPausing = false;
  readonly #closing = new AbortController();

  constructor(options: TunnelsOptions) {
    this.#options = options;
  }

  /** Whether the control plane wants any. */
  get inUse(): boolean {
    return this.#wanted > 0;
  }

  /** IDLE unused ones to ADDRESS from now on; the newest word counts. With 0 the unused ones end. */
  keep(idle: number, address: string): void {
    this.#wanted = Math.max(0, Math.min(most, idle));
    this.#address = address;
    if (this.#wanted === 0) for (const tunnel of [...this.#store]) tunnel.end();
    this.#fill();
  }

  /** Ends all, used or not. */
  close(): void {
    this.#wanted = 0;
    this.#closing.abort();
    for (const tunnel of [...this.#open]) tunnel.end();
  }

  /** After a failure one is tried before the others. */
  #fill(): void {
    while (!this.#isPausing && this.#store.size < this.#wanted) {
      if (this.#failures > 0 && this.#opening.size > 0) return;
      this.#openOne();
    }
  }

  #openOne(): void {
    const { doorOf, identity } = this.#options;
    const tunnel = new Tunnel({
      address: this.#address,
      identity: identity(),
      doorOf,
      admitted: () => {
        this.#failures = 0;
        this.#opening.delete(tunnel);
        this.#fill();
      },
      taken: () => {
        this.#store.delete(tunnel);
        this.#fill();
      },
      ended: () => {
        this.#open.delete(tunnel);
        this.#opening.delete(tunnel);
        if (this.#store.delete(tunnel) && this.#wanted > 0) void this.#rest();
      },
    });
    this.#open.add(tunnel);
    this.#store.add(tunnel);
    this.#opening.add(tunnel);
  }

  async #rest(): Promise<void> {
    if (this.#isPausing) return;
    this.#isPausing = true;
    this.#failures += 1;
    await pause(reconnectPause(this.#failures, this.#options.random()), this.#closing.signal);
    this.#isPausing = false;
    this.#fill();
  }
}
