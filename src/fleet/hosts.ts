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
  Observed,
  ObservedReplica,
  Report,
} from "../../agent/contract/messages.ts";
import { notFound } from "../failure.ts";
import type { Database } from "../storage/database.ts";
import type { LogConsumer } from "./log-delivery.ts";
import { LogFollows } from "./log-follow.ts";
import { boundedHeartbeat, boundedHello, boundedLog, boundedObserved } from "./report-bounds.ts";
import { type PresenceChange, Silence } from "./silence.ts";
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
  /** Null until its first word since our start. */
  heard_at: number | null;
  heartbeat: Heartbeat | null;
  observed: Observed | null;
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
  readonly #presenceListeners = new Set<(change: PresenceChange<HostRow>) => void>();
  readonly #silence: Silence<HostRow>;
  readonly #logs = new LogFollows((id) => this.#presences.get(id)?.line);
  readonly #started_at: number;

  constructor(database: Database, now: () => number) {
    this.#database = database;
    this.#now = now;
    this.#started_at = now();
    this.#silence = new Silence(this.#started_at);
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

  /** Told by `lookAround`: once when a host has been silent for a minute, once when it is back. */
  onPresence(listener: (change: PresenceChange<HostRow>) => void): void {
    this.#presenceListeners.add(listener);
  }

  /** To be called about every second. */
  lookAround(now: number): void {
    const heardAt = (id: string) => this.#presences.get(id)?.heard_at ?? null;
    const isUp = (id: string) => this.isUp(id);
    for (const change of this.#silence.look([...this.#rows.values()], heardAt, isUp, now)) {
      for (const listener of this.#presenceListeners) listener(change);
    }
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
    const { name: earlier } = this.find(id);
    const presence = this.#presence(id);
    presence.line?.close("A newer connection of this host took over.");
    this.#logs.disconnected(id);
    const { inventory, agent_version, labels, relay_port } = boundedHello(hello);
    const reach = this.#reachOf(id, relay_port, line);
    Object.assign(presence, { line, heard_at: this.#now(), reach });
    const name = inventory.host_name.replace(/\p{C}/gu, "").slice(0, 100) || earlier;
    this.#save(id, { inventory, agent_version, labels, name, last_seen_at: this.#now() });
    line.send({ welcome: { host_id: id, heartbeat_interval_s } });
    if (presence.desired) line.send({ desired: presence.desired });
    this.#changed("hosts");
  }

  heard(id: string, report: Report): void {
    const { last_seen_at } = this.find(id);
    const presence = this.#presence(id);
    const wasUp = this.isUp(id);
    presence.heard_at = this.#now();
    if ("heartbeat" in report) presence.heartbeat = boundedHeartbeat(report.heartbeat);
    if ("log" in report) this.#logs.received(id, boundedLog(report.log));
    if ("observed" in report) {
      presence.observed = boundedObserved(report.observed);
      this.#changed("replicas");
    }
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
    this.#logs.disconnected(id);
    if (this.#rows.has(id)) this.#save(id, { last_seen_at: this.#now() });
    this.#changed("hosts");
  }

  isUp(id: string): boolean {
    return this.downFor(id) === 0;
  }

  /** Milliseconds; zero while the host is up. After our own start every host gets time to dial in. */
  downFor(id: string): number {
    const presence = this.#presences.get(id);
    const heard_at = presence?.heard_at ?? null;
    if (heard_at === null) return Math.max(1, this.#now() - this.#started_at);
    const silent_ms = this.#now() - heard_at;
    return silent_ms <= (presence?.line ? silent_after_ms : reconnect_grace_ms) ? 0 : silent_ms;
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
    return this.observedSet(id)?.replicas ?? [];
  }

  /** Its last report; null until the host has reported since our own start. */
  observedSet(id: string): Observed | null {
    return this.#presences.get(id)?.observed ?? null;
  }

  /**
   * Follows the log of a replica: its last lines first, then every new one, see LogConsumer. Returns the
   * function that unfollows. `tail_lines` is 0 to 1000; to read only these, unfollow at the first call.
   */
  followLog(
    host_id: string,
    replica_id: string,
    tail_lines: number,
    onLines: LogConsumer["onLines"],
    onEnd: LogConsumer["onEnd"],
  ): () => void {
    return this.#logs.start(host_id, { replica_id, tail_lines }, { onLines, onEnd });
  }

  /** Sent now when the host is connected, and again whenever it connects. A removed host gets nothing. */
  setDesired(id: string, desired: Desired): void {
    if (!this.#rows.has(id)) return;
    const presence = this.#presence(id);
    const same = presence.desired?.generation === desired.generation;
    presence.desired = desired;
    if (!same) presence.line?.send({ desired });
  }

  /** A host that is no longer cordoned does not drain either. */
  setCordoned(id: string, cordoned: boolean): void {
    const { draining } = this.find(id);
    this.#save(id, { cordoned, draining: cordoned && draining });
    this.#changed("hosts");
  }

  /** Cordons it, and asks that its replicas go elsewhere. */
  drain(id: string): void {
    this.find(id);
    this.#save(id, { cordoned: true, draining: true });
    this.#changed("hosts");
  }

  /** Committed first; then the stream is cut and the certificate is refused for good. */
  remove(id: string): void {
    this.find(id);
    this.#database.delete(hosts).where(eq(hosts.id, id)).run();
    this.#rows.delete(id);
    const line = this.#presences.get(id)?.line;
    this.#presences.delete(id);
    this.#logs.disconnected(id);
    line?.close("This host was removed from the fleet. Join again with a new token.");
    this.#changed("hosts");
  }

  #presence(id: string): Presence {
    const known = this.#presences.get(id);
    if (known) return known;
    const presence: Presence = {
      line: undefined,
      heard_at: null,
      heartbeat: null,
      observed: null,
      desired: undefined,
      reach: null,
    };
    this.#presences.set(id, presence);
    return presence;
  }

  #reachOf(id: string, relay_port: number, { remote_address }: Line): Reach | null {
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
