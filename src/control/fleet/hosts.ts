/**
 * The hosts: their rows, and what their agents said last. Rows are in memory too; what changes with
 * every heartbeat is only there.
 */

import { networkId } from "../../../agent/contract/network-id.ts";
import type {
  Command,
  Desired,
  Heartbeat,
  Hello,
  Observed,
  ObservedReplica,
  Report,
} from "../../../agent/contract/protocol/messages.ts";
import type { Database } from "../storage/database.ts";
import { type HostRow, HostRows } from "./host-rows.ts";
import { LivenessTracker, type PresenceChange } from "./liveness.ts";
import type { LogConsumer } from "./log-delivery.ts";
import { LogFollows } from "./log-follow.ts";
import { goodPins, refusal, shown } from "./pins.ts";
import {
  type AgentStream,
  absent,
  downFor,
  type HostConnection,
  heartbeat_interval_s,
  type Removal,
} from "./presence.ts";
import {
  hintsOf,
  type Reachability,
  type ReachabilityHints,
  reachabilityOf,
} from "./reachability.ts";
import { RemovedHosts, removalOf } from "./removed-hosts.ts";
import { boundedHeartbeat, boundedHello, boundedLog, boundedObserved } from "./report-bounds.ts";

export type { HostRow } from "./host-rows.ts";

const last_seen_step_ms = 60_000;

/** `ways`: a host is reached in another way. */
export type Change = "hosts" | "replicas" | "ways";

export class Hosts {
  readonly #now: () => number;
  readonly #rows: HostRows;
  readonly #network: string;
  readonly #presences = new Map<string, HostConnection>();
  readonly #listeners = new Set<(change: Change) => void>();
  readonly #presenceListeners = new Set<(change: PresenceChange<HostRow>) => void>();
  readonly #removeListeners = new Set<(id: string) => void>();
  readonly #silence: LivenessTracker<HostRow>;
  readonly #logs = new LogFollows((id) => this.#presences.get(id)?.line);
  readonly #started_at: number;
  readonly #removed: RemovedHosts;

  /** REPORT: see HostRows. NETWORK: ours, see network-id.ts. */
  constructor(
    database: Database,
    now: () => number,
    report: (error: unknown) => void = () => undefined,
    network = networkId(),
  ) {
    this.#now = now;
    this.#network = network;
    this.#started_at = now();
    this.#removed = new RemovedHosts(database, this.#started_at);
    this.#silence = new LivenessTracker(this.#started_at);
    this.#rows = new HostRows(database, report);
  }

  list(): readonly HostRow[] {
    return this.#rows.all().toSorted((a, b) => a.joined_at - b.joined_at);
  }

  find(id: string): HostRow {
    return this.#rows.find(id);
  }

  onChange(listener: (change: Change) => void): void {
    this.#listeners.add(listener);
  }

  /** Called from `tick`: once when a host has been silent for a minute, once when it is back. */
  onPresence(listener: (change: PresenceChange<HostRow>) => void): void {
    this.#presenceListeners.add(listener);
  }

  /** To be called about every second. */
  tick(now: number): void {
    const heardAt = (id: string) => this.#presences.get(id)?.heard_at ?? null;
    const isUp = (id: string) => this.isUp(id);
    for (const change of this.#silence.observe(this.#rows.all(), heardAt, isUp, now)) {
      for (const listener of this.#presenceListeners) listener(change);
    }
  }

  /**
   * The host that this certificate belongs to, or a sentence why none: not given, expired, removed. A
   * renewed one that is shown for the first time takes the old one's place.
   */
  byCertificate(sha256: string | null): HostRow | Removal {
    const rows = this.#rows.all();
    const row = rows.find(({ id }) => sha256 !== null && this.pins(id).includes(sha256));
    if (!row || sha256 === null) {
      return this.#removed.of(sha256) ?? { details: refusal(rows, sha256), keep_runtimes: null };
    }
    const changes = shown(row, sha256);
    if (changes) this.#rows.remember(row.id, changes);
    return this.find(row.id);
  }

  /** SHA-256 of the certificates that a host may show now; none when it was removed. */
  pins(id: string): readonly string[] {
    const row = this.#rows.get(id);
    return row ? goodPins(row, this.#now()) : [];
  }

  /** A certificate is about to be handed to the host: from now on it is good, see pins.ts. */
  certified(id: string, { sha256, expires_at }: { sha256: string; expires_at: number }): void {
    this.#rows.save(id, {
      next_certificate_sha256: sha256,
      next_certificate_expires_at: expires_at,
    });
    this.#changed("hosts");
  }

  /** Reads a host that enrolment has just added. */
  added(): void {
    this.#rows.readNew();
    this.#changed("hosts");
  }

  /** A stream with its hello. An older stream of the host is closed: the newest is the truth. */
  connected(id: string, hello: Hello, line: AgentStream): void {
    const { name: earlier } = this.find(id);
    const presence = this.#presence(id);
    presence.line?.close("replaced", "A newer connection of this host took over.");
    this.#logs.disconnected(id);
    const { inventory, agent_version, labels, ...told } = boundedHello(hello);
    const ways = hintsOf(told, line.remote_address, this.#network);
    Object.assign(presence, { line, heard_at: this.#now(), ways });
    const name = inventory.host_name.replace(/\p{C}/gu, "").slice(0, 100) || earlier;
    const last_seen_at = this.#now();
    this.#rows.remember(id, { inventory, agent_version, labels, name, last_seen_at });
    line.send({ welcome: { host_id: id, heartbeat_interval_s } });
    if (presence.desired) line.send({ desired: presence.desired });
    this.#changed("hosts");
  }

  heard(id: string, report: Report): void {
    const { last_seen_at } = this.find(id);
    const presence = this.#presence(id);
    const wasUp = this.isUp(id);
    presence.heard_at = this.#now();
    if ("heartbeat" in report) {
      presence.heartbeat = boundedHeartbeat(report.heartbeat);
      presence.clock_ahead_ms = report.heartbeat.at_ms - presence.heard_at;
    }
    if ("log" in report) this.#logs.received(id, boundedLog(report.log));
    if ("observed" in report) {
      presence.observed = boundedObserved(report.observed);
      this.#changed("replicas");
    }
    if (this.#now() - (last_seen_at ?? 0) >= last_seen_step_ms) {
      this.#rows.remember(id, { last_seen_at: this.#now() });
    }
    if (!wasUp) this.#changed("hosts");
  }

  /** LINE has ended; ignored when a newer one took over. */
  disconnected(id: string, line: AgentStream): void {
    const presence = this.#presences.get(id);
    if (presence?.line !== line) return;
    presence.line = undefined;
    this.#logs.disconnected(id);
    if (this.#rows.has(id)) this.#rows.remember(id, { last_seen_at: this.#now() });
    this.#changed("hosts");
  }

  isUp(id: string): boolean {
    return this.downFor(id) === 0;
  }

  /** Milliseconds; zero while the host is up. */
  downFor(id: string): number {
    return downFor(this.#presences.get(id), this.#now(), this.#started_at);
  }

  /** Null for a host that has not connected since our start. */
  reach(id: string): Reachability | null {
    const ways = this.ways(id);
    return ways && reachabilityOf(ways);
  }

  ways(id: string): ReachabilityHints | null {
    return this.#presences.get(id)?.ways ?? null;
  }

  /** Its runtimes are reached by tunnels from now on, or by its relay again. */
  useTunnel(id: string, tunnel: boolean): void {
    const ways = this.ways(id);
    if (!ways || ways.tunnel === tunnel) return;
    this.#presence(id).ways = { ...ways, tunnel };
    this.#changed("ways");
  }

  lineOf(id: string): AgentStream | undefined {
    return this.#presences.get(id)?.line;
  }

  /** Nothing happens while the host is not connected. */
  send(id: string, command: Command): void {
    this.#presences.get(id)?.line?.send(command);
  }

  /** Null for a host that joined but never connected. */
  lastSeen(id: string): number | null {
    const presence = this.#presences.get(id);
    return presence?.line ? presence.heard_at : this.find(id).last_seen_at;
  }

  /** How far its clock was before ours with its last heartbeat; null before the first. */
  clockAhead(id: string): number | null {
    return this.#presences.get(id)?.clock_ahead_ms ?? null;
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

  /**
   * Sent now when the host is connected and does not know it, and again whenever it connects. A removed host
   * gets nothing. In one generation only what opens sources can differ.
   */
  setDesired(id: string, desired: Desired): void {
    if (!this.#rows.has(id)) return;
    const presence = this.#presence(id);
    const same = Bun.deepEquals(presence.desired, desired);
    presence.desired = desired;
    if (!same) presence.line?.send({ desired });
  }

  /** A host that is no longer cordoned does not drain either. */
  setCordoned(id: string, cordoned: boolean): void {
    const { draining } = this.find(id);
    this.#rows.save(id, { cordoned, draining: cordoned && draining });
    this.#changed("hosts");
  }

  /** Cordons it, and asks that its replicas go elsewhere. */
  drain(id: string): void {
    this.#rows.save(id, { cordoned: true, draining: true });
    this.#changed("hosts");
  }

  onRemove(listener: (id: string) => void): void {
    this.#removeListeners.add(listener);
  }

  /**
   * Committed first; then everything of the host is cut and its certificates are refused for good. Its agent ends its
   * runtimes, now or when it is back, unless they are to be kept.
   */
  remove(id: string, keep_runtimes = false): void {
    this.#rows.remove(id, (transaction, row) => this.#removed.add(transaction, row, keep_runtimes));
    const line = this.#presences.get(id)?.line;
    this.#presences.delete(id);
    this.#logs.disconnected(id);
    line?.close("removed", removalOf(keep_runtimes).details, keep_runtimes);
    for (const listener of this.#removeListeners) listener(id);
    this.#changed("hosts");
  }

  #presence(id: string): HostConnection {
    const known = this.#presences.get(id);
    if (known) return known;
    const presence = absent();
    this.#presences.set(id, presence);
    return presence;
  }

  #changed(change: Change): void {
    for (const listener of this.#listeners) listener(change);
  }
}
