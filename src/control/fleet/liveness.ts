/**
 * Which hosts have fallen silent and which are back, each told once. A host gets the benefit of the
 * doubt while we could not hear it: after our own start, and after a moment in which we slept ourselves.
 */
export interface PresenceChange<Host> {
  host: Host;
  up: boolean;
  /** When it was noticed. */
  at: number;
  /** One sentence for a person. */
  detail: string;
}

export interface Watched {
  id: string;
  name: string;
  /** Null: it has never connected, and so cannot be missed. */
  last_seen_at: number | null;
}

const silent_after_ms = 60_000;
/** Looks are a second apart. A gap of this length means that this process or its machine was stopped. */
const own_gap_ms = 30_000;

export class LivenessTracker<Host extends Watched> {
  readonly #down = new Set<string>();
  /** Nothing was heard before, because nobody listened. */
  #listening_since: number;
  #looked_at: number;

  constructor(now: number) {
    this.#listening_since = now;
    this.#looked_at = now;
  }

  /** HEARD_AT: of its last word since our start. IS_UP: connected, and heard within seconds. */
  observe(
    hosts: readonly Host[],
    heardAt: (id: string) => number | null,
    isUp: (id: string) => boolean,
    now: number,
  ): PresenceChange<Host>[] {
    if (Math.abs(now - this.#looked_at) > own_gap_ms) this.#listening_since = now;
    this.#looked_at = now;
    const known = new Set(hosts.map(({ id }) => id));
    for (const id of this.#down) if (!known.has(id)) this.#down.delete(id);
    return hosts.flatMap((host) => this.#judge(host, heardAt(host.id), isUp(host.id), now) ?? []);
  }

  #judge(
    host: Host,
    heard_at: number | null,
    is_up: boolean,
    now: number,
  ): PresenceChange<Host> | null {
    const { id, name, last_seen_at } = host;
    if (this.#down.has(id)) {
      if (!is_up) return null;
      this.#down.delete(id);
      return { host, up: true, at: now, detail: `${name} is back.` };
    }
    const silent_since = Math.max(heard_at ?? 0, this.#listening_since);
    if (last_seen_at === null || now - silent_since < silent_after_ms) return null;
    this.#down.add(id);
    const last = new Date(heard_at ?? last_seen_at).toISOString();
    const detail = `${name} has been silent for a minute; its last report came at ${last}. Check that the machine and its agent run and can reach this appliance.`;
    return { host, up: false, at: now, detail };
  }
}
