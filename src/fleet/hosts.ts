/**
 * The hosts: their rows, and what their agents said last. Rows are in memory too; what changes with
 * every heartbeat is only there.
 */
import { eq } from "drizzle-orm";
import type {
  Command,
  Desired,
  Heartbeat,
  Hello,
  ObservedReplica,
  Report,
} from "../../agent/contract/messages.ts";
import { notFound } from "../failure.ts";
import type { Database } from "../storage/database.ts";
import { hosts } from "./table.ts";

const heartbeat_interval_s = 5;
/** Three missed heartbeats, and a little for a slow network. */
const silent_after_ms = heartbeat_interval_s * 3000 + 1000;
/** Reconnecting takes a moment; until then the host is not reported down. */
const reconnect_grace_ms = 5000;
const last_seen_step_ms = 60_000;

export type HostRow = typeof hosts.$inferSelect;

/** One agent's stream. */
export interface Line {
  send(command: Command): void;
  close(reason: string): void;
  /** Where the agent dialled from; null when it shares our network stack, and so its loopback is ours. */
  remote_address: string | null;
}

/** How this process gets to the runtimes of a host. */
export type Reach =
  | { via: "loopback" }
  | { via: "relay"; host: string; port: number; certificate_sha256: string };

interface Presence {
  line: Line | undefined;
  heard_at: number;
  heartbeat: Heartbeat | null;
  replicas: readonly ObservedReplica[];
  desired: Desired | undefined;
  reach: Reach | null;
}

export type Change = "hosts" | "replicas";

export class Hosts {
  readonly #database: Database;
  readonly #now: () => number;
  readonly #rows: Map<string, HostRow>;
  readonly #presences = new Map<string, Presence>();
  readonly #listeners = new Set<(change: Change) => void>();
  readonly #started_at: number;

  constructor(database: Database, now: () => number) {
    this.#database = database;
    this.#now = now;
    this.#started_at = now();
    const rows = database.select().from(hosts).all();
    this.#rows = new Map(rows.map((row) => [row.id, row]));
  }

  list(): readonly HostRow[] {
    return [...this.#rows.values()].toSorted((a, b) => a.joined_at - b.joined_at);
  }

  find(id: string): HostRow {
    const row = this.#rows.get(id);
    if (!row) throw notFound("There is no host with this id. GET /api/hosts lists them.");
    return row;
  }

  onChange(listener: (change: Change) => void): void {
    this.#listeners.add(listener);
  }

  /** The row that this certificate belongs to, unless it has expired or the host was removed. */
  byCertificate(sha256: string): HostRow | undefined {
    const row = [...this.#rows.values()].find((host) => host.certificate_sha256 === sha256);
    return row && row.certificate_expires_at > this.#now() ? row : undefined;
  }

  /** Reads a host that enrolment has just added. */
  added(): void {
    for (const row of this.#database.select().from(hosts).all()) {
      if (!this.#rows.has(row.id)) this.#rows.set(row.id, row);
    }
    this.#changed("hosts");
  }

  /** A stream with its hello. An older stream of the host is closed: the newest is the truth. */
  connected(id: string, hello: Hello, line: Line): void {
    const presence = this.#presence(id);
    presence.line?.close("A newer connection of this host took over.");
    const reach = this.#reachOf(id, hello, line);
    Object.assign(presence, { line, heard_at: this.#now(), reach });
    const { inventory, agent_version } = hello;
    const name = inventory.host_name.replace(/\p{C}/gu, "").slice(0, 100) || this.find(id).name;
    this.#save(id, { inventory, agent_version, name, last_seen_at: this.#now() });
    line.send({ welcome: { host_id: id, heartbeat_interval_s } });
    if (presence.desired) line.send({ desired: presence.desired });
    this.#changed("hosts");
  }

  heard(id: string, report: Report): void {
    const presence = this.#presence(id);
    const wasUp = this.isUp(id);
    presence.heard_at = this.#now();
    if ("heartbeat" in report) presence.heartbeat = report.heartbeat;
    if ("observed" in report) {
      presence.replicas = report.observed.replicas;
      this.#changed("replicas");
    }
    const { last_seen_at } = this.find(id);
    if (this.#now() - (last_seen_at ?? 0) >= last_seen_step_ms) {
      this.#save(id, { last_seen_at: this.#now() });
    }
    if (!wasUp) this.#changed("hosts");
  }

  /** LINE has ended; ignored when a newer one took over. */
  disconnected(id: string, line: Line): void {
    const presence = this.#presences.get(id);
    if (presence?.line !== line) return;
    presence.line = undefined;
    if (this.#rows.has(id)) this.#save(id, { last_seen_at: this.#now() });
    this.#changed("hosts");
  }

  isUp(id: string): boolean {
    return this.downFor(id) === 0;
  }

  /** Milliseconds; zero while the host is up. After our own start every host gets time to dial in. */
  downFor(id: string): number {
    const presence = this.#presences.get(id);
    const patience_ms = presence?.line ? silent_after_ms : reconnect_grace_ms;
    const silent_ms = this.#now() - (presence?.heard_at ?? this.#started_at);
    if (!presence) return Math.max(1, silent_ms);
    return silent_ms <= patience_ms ? 0 : silent_ms;
  }

  /** Null for a host that has not connected since our start, or is remote and has no relay. */
  reach(id: string): Reach | null {
    return this.#presences.get(id)?.reach ?? null;
  }

  /** Null for a host that joined but never connected. */
  lastSeen(id: string): number | null {
    const presence = this.#presences.get(id);
    return presence?.line ? presence.heard_at : this.find(id).last_seen_at;
  }

  heartbeat(id: string): Heartbeat | null {
    return this.#presences.get(id)?.heartbeat ?? null;
  }

  observed(id: string): readonly ObservedReplica[] {
    return this.#presences.get(id)?.replicas ?? [];
  }

  /** Sent now when the host is connected, and again whenever it connects. */
  setDesired(id: string, desired: Desired): void {
    const presence = this.#presence(id);
    const same = presence.desired?.generation === desired.generation;
    presence.desired = desired;
    if (!same) presence.line?.send({ desired });
  }

  setCordoned(id: string, cordoned: boolean): void {
    this.find(id);
    this.#save(id, { cordoned });
    this.#changed("hosts");
  }

  /** Committed first; then the stream is cut and the certificate is refused for good. */
  remove(id: string): void {
    this.find(id);
    this.#database.delete(hosts).where(eq(hosts.id, id)).run();
    this.#rows.delete(id);
    const line = this.#presences.get(id)?.line;
    this.#presences.delete(id);
    line?.close("This host was removed from the fleet. Join again with a new token.");
    this.#changed("hosts");
  }

  #presence(id: string): Presence {
    const known = this.#presences.get(id);
    if (known) return known;
    const presence: Presence = {
      line: undefined,
      heard_at: this.#started_at - silent_after_ms,
      heartbeat: null,
      replicas: [],
      desired: undefined,
      reach: null,
    };
    this.#presences.set(id, presence);
    return presence;
  }

  #reachOf(id: string, { relay_port }: Hello, { remote_address }: Line): Reach | null {
    if (remote_address === null) return { via: "loopback" };
    if (relay_port === 0) return null;
    const { certificate_sha256 } = this.find(id);
    return { via: "relay", host: remote_address, port: relay_port, certificate_sha256 };
  }

  #save(id: string, changes: Partial<HostRow>): void {
    this.#database.update(hosts).set(changes).where(eq(hosts.id, id)).run();
    this.#rows.set(id, { ...this.find(id), ...changes });
  }

  #changed(change: Change): void {
    for (const listener of this.#listeners) listener(change);
  }
}
