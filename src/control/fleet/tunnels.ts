/**
 * The tunnels of all hosts that cannot be dialled: which are unused, who waits for one, and how many the
 * host is asked to keep in store.
 */
import type { Command } from "../../../agent/contract/protocol/messages.ts";
import type { AgentSocket, Guest } from "./agent-port.ts";
import { type Taker, Tunnel } from "./tunnel.ts";

interface Pool {
  idle: Tunnel[];
  used: Set<Tunnel>;
  waiting: { name: string; taker: Taker }[];
  /** What the host was told last. */
  asked: number;
}

export interface TunnelParts {
  /** Tells the agent of a host, if it is connected. */
  send(host_id: string, command: Command): void;
  /** A host has its first tunnel, or none any more. */
  changed(host_id: string): void;
  /** Milliseconds, and never going back. */
  now(): number;
}

const fewest = 8;
const most = 256;
/** A host that leaves us without an answer for this long has probably lost its other tunnels as well. */
const suspicious_ms = 1_500;

/** Enough that a burst finds some, more while many are used or waited for. Asked of the agent as a level. */
export function wantedIdle(used: number, waiting: number): number {
  return Math.min(most, fewest + waiting + Math.ceil(used / 4));
}

export class Tunnels {
  readonly #parts: TunnelParts;
  readonly #pools = new Map<string, Pool>();

  constructor(parts: TunnelParts) {
    this.#parts = parts;
  }

  /** How many the host has open, used or not. */
  count(host_id: string): number {
    const pool = this.#pools.get(host_id);
    return pool ? pool.idle.length + pool.used.size : 0;
  }

  /** Asks the host to open tunnels, or says again how many; to be called every now and then. */
  ask(host_id: string): void {
    const pool = this.#pool(host_id);
    pool.waiting = pool.waiting.filter(({ taker }) => !taker.gone);
    pool.asked = wantedIdle(pool.used.size, pool.waiting.length);
    this.#parts.send(host_id, { tunnels: { idle: pool.asked } });
    // What a burst has left over; the oldest go first.
    for (const tunnel of pool.idle.slice(0, -pool.asked)) tunnel.end();
  }

  /** The host need open no more, and those that nobody uses end. */
  dismiss(host_id: string): void {
    const pool = this.#pools.get(host_id);
    if (!pool || (pool.asked === 0 && pool.idle.length === 0)) return;
    pool.asked = 0;
    this.#parts.send(host_id, { tunnels: { idle: 0 } });
    for (const tunnel of [...pool.idle]) tunnel.end();
  }

  /** The host was removed: everything ends, streams too. */
  remove(host_id: string): void {
    const pool = this.#pools.get(host_id);
    if (!pool) return;
    this.#pools.delete(host_id);
    for (const tunnel of [...pool.idle, ...pool.used]) tunnel.end();
    for (const { taker } of pool.waiting.splice(0)) taker.closed(undefined);
  }

  /** A tunnel has come in, with the certificate of this host. Undefined: it has enough. */
  admit(host_id: string, socket: AgentSocket): Guest | undefined {
    const pool = this.#pool(host_id);
    if (pool.idle.length >= 2 * most) return undefined;
    const tunnel: Tunnel = new Tunnel(socket, {
      now: this.#parts.now,
      ended: (_, silent_ms) => this.#ended(host_id, tunnel, silent_ms),
    });
    const isFirst = this.count(host_id) === 0;
    const next = nextOf(pool);
    if (next) this.#give(pool, tunnel, next);
    else pool.idle.push(tunnel);
    if (isFirst) this.#parts.changed(host_id);
    return tunnel;
  }

  /** TAKER gets the next free tunnel of the host. False: the host has none and opens none. */
  claim(host_id: string, name: string, taker: Taker): boolean {
    const pool = this.#pools.get(host_id);
    if (!pool || (pool.asked === 0 && pool.idle.length === 0)) return false;
    // The newest: it is the least likely to have died unnoticed.
    const tunnel = pool.idle.pop();
    if (tunnel) this.#give(pool, tunnel, { name, taker });
    else pool.waiting.push({ name, taker });
    // The host replaces what was taken on its own; it is asked when that is not enough.
    if (wantedIdle(pool.used.size, pool.waiting.length) >= 2 * pool.asked) this.ask(host_id);
    return true;
  }

  #give(pool: Pool, tunnel: Tunnel, { name, taker }: Pool["waiting"][number]): void {
    pool.used.add(tunnel);
    tunnel.take(name, taker);
  }

  #ended(host_id: string, tunnel: Tunnel, silent_ms: number): void {
    const pool = this.#pools.get(host_id);
    if (!pool) return;
    pool.used.delete(tunnel);
    pool.idle = pool.idle.filter((other) => other !== tunnel);
    if (silent_ms > suspicious_ms) for (const other of [...pool.idle]) other.end();
    if (this.count(host_id) === 0) this.#parts.changed(host_id);
  }

  #pool(host_id: string): Pool {
    const known = this.#pools.get(host_id);
    if (known) return known;
    const pool: Pool = { idle: [], used: new Set(), waiting: [], asked: 0 };
    this.#pools.set(host_id, pool);
    return pool;
  }
}

/** Who has waited longest and still waits. */
function nextOf({ waiting }: Pool): Pool["waiting"][number] | undefined {
  for (let next = waiting.shift(); next; next = waiting.shift()) if (!next.taker.gone) return next;
  return undefined;
}
