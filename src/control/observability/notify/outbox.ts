import { and, asc, desc, eq, gt, isNull, lt, lte, min, or, type SQL } from "drizzle-orm";
import { newId } from "../../../shared/identifier.ts";
import type { Database } from "../../storage/database.ts";
import type { Channel, ChannelName, Outcome } from "./channel.ts";
import type { Notice } from "./notice.ts";
import { afterRefusal, longest_delay_ms } from "./retry.ts";
import { outbox } from "./table.ts";

export interface OutboxParts {
  channels: Readonly<Record<ChannelName, Channel>>;
  now(): number;
  /** One line for the operator, without secrets. */
  log(line: string): void;
  /** Called after rows have changed, but not from inside a caller's transaction. */
  changed(): void;
  /** 0 to 1. */
  random?(): number;
}

export type OutboxRow = typeof outbox.$inferSelect;
type RowChange = Partial<OutboxRow>;

const names: readonly ChannelName[] = ["mail", "webhook"];
const pending = and(isNull(outbox.sent_at), isNull(outbox.given_up));
const of = (channel: ChannelName): SQL | undefined => and(eq(outbox.channel, channel), pending);

const hour_ms = 3_600_000;
const kept_ms = 30 * 24 * hour_ms;
/** The longest sleep between two looks at the rows: wall clocks can jump. */
const longest_sleep_ms = 60_000;
/** What stopping grants the delivery that is under sender; cut off after that, it comes once more. */
const grace_ms = 5_000;

/**
 * Brings notices to people at least once. A row is written in the caller's transaction and marked when
 * the other side has accepted it, so kill -9 in between means a second message with the same id, and
 * never none. One pass runs at a time, in it one delivery per channel.
 */
export class Outbox {
  readonly #database: Database;
  readonly #parts: OutboxParts;
  readonly #random: () => number;
  readonly #cut = new AbortController();
  /** Outcomes that the disk has refused so far: nothing is sent again before they are written. */
  readonly #unwritten = new Map<string, RowChange>();
  #pass: Promise<void> | undefined;
  #timer: ReturnType<typeof setTimeout> | undefined;
  #state: "idle" | "running" | "stopped" = "idle";
  #prune_at = 0;

  constructor(database: Database, parts: OutboxParts) {
    this.#database = database;
    this.#parts = parts;
    this.#random = parts.random ?? Math.random;
  }

  /** Writes a row per enabled channel that has somewhere to send it; inside the transaction of the caller. */
  add(notice: Notice): void {
    const now = this.#parts.now();
    for (const channel of names) {
      const sender = this.#parts.channels[channel];
      const target = sender.enabled() ? sender.target(notice) : "";
      if (target === "") continue;
      const row = { id: newId("ntc"), channel, target, notice, created_at: now };
      this.#database
        .insert(outbox)
        .values({ ...row, attempts: 0, next_attempt_at: now })
        .run();
    }
    this.#lookIn(0);
  }

  start(): void {
    if (this.#state === "idle") this.#state = "running";
    this.#lookIn(0);
  }

  /** Waits a while for what is under sender. What is left is sent after the next start. */
  async stop(): Promise<void> {
    this.#state = "stopped";
    clearTimeout(this.#timer);
    const late = setTimeout(() => this.#cut.abort(), grace_ms);
    await this.#pass?.catch(() => undefined);
    clearTimeout(late);
  }

  /** Tries all that waits at once, because the settings have changed. */
  retry(): void {
    this.#database.update(outbox).set({ next_attempt_at: this.#parts.now() }).where(pending).run();
    this.#lookIn(0);
  }

  /** Sends all that is due. A second call while one runs waits for that one. Rejects when the database refuses. */
  deliver(): Promise<void> {
    this.#pass ??= this.#deliver().finally(() => {
      this.#pass = undefined;
    });
    return this.#pass;
  }

  /** Newest first. */
  list(limit: number): OutboxRow[] {
    return this.#database
      .select()
      .from(outbox)
      .orderBy(desc(outbox.created_at), desc(outbox.id))
      .limit(limit)
      .all();
  }

  #lookIn(delay_ms: number): void {
    if (this.#state !== "running") return;
    clearTimeout(this.#timer);
    this.#timer = setTimeout(() => void this.#tick(), delay_ms);
  }

  async #tick(): Promise<void> {
    let sleep_ms = longest_sleep_ms;
    try {
      await this.deliver();
      const next = this.#database
        .select({ at: min(outbox.next_attempt_at) })
        .from(outbox)
        .where(pending)
        .get();
      const wait_ms = (next?.at ?? Infinity) - this.#parts.now();
      sleep_ms = Math.min(longest_sleep_ms, Math.max(0, wait_ms));
    } catch (error) {
      const words = error instanceof Error ? error.message : String(error);
      this.#parts.log(`notify: the outbox cannot be saved; nothing is sent until it can: ${words}`);
    }
    this.#lookIn(sleep_ms);
  }

  async #deliver(): Promise<void> {
    this.#write();
    this.#prune();
    const lanes = await Promise.allSettled(names.map((channel) => this.#deliverAll(channel)));
    for (const lane of lanes) if (lane.status === "rejected") throw lane.reason;
  }

  async #deliverAll(name: ChannelName): Promise<void> {
    const channel = this.#parts.channels[name];
    while (this.#state !== "stopped") {
      if (!channel.enabled()) return this.#giveUp(name);
      const row = this.#nextDue(name);
      if (!row) return;
      const outcome = await channel.deliver(row, this.#cut.signal);
      this.#unwritten.set(row.id, this.#resultOf(row, outcome));
      this.#write();
    }
  }

  #nextDue(channel: ChannelName): OutboxRow | undefined {
    return this.#database
      .select()
      .from(outbox)
      .where(and(of(channel), isDue(this.#parts.now())))
      .orderBy(asc(outbox.next_attempt_at), asc(outbox.created_at))
      .limit(1)
      .get();
  }

  #resultOf(row: OutboxRow, { accepted, target, ...outcome }: Outcome): RowChange {
    const now = this.#parts.now();
    const attempts = row.attempts + 1;
    if (accepted) return { attempts, target, sent_at: now, last_error: null };
    const next = afterRefusal({ ...row, attempts }, outcome, now, this.#random());
    const follows =
      "given_up" in next
        ? "it is given up"
        : `next in ${Math.round((next.next_attempt_at - now) / 1000)} s`;
    this.#parts.log(
      `notify: ${row.channel} ${row.id} (${row.notice.kind}) was not accepted, try ${attempts}, ${follows}: ${outcome.detail}`,
    );
    return { attempts, target, last_error: outcome.detail, ...next };
  }

  /** Throws when the disk refuses; then all of it is tried again at the next pass. */
  #write(): void {
    for (const [id, change] of this.#unwritten) {
      this.#database.update(outbox).set(change).where(eq(outbox.id, id)).run();
      this.#unwritten.delete(id);
      this.#parts.changed();
    }
  }

  #giveUp(channel: ChannelName): void {
    const given_up = `The ${channel} channel was switched off before this was sent.`;
    const { changes } = this.#database.update(outbox).set({ given_up }).where(of(channel)).run();
    if (changes > 0) this.#parts.changed();
  }

  #prune(): void {
    const now = this.#parts.now();
    if (now < this.#prune_at && this.#prune_at <= now + hour_ms) return;
    this.#prune_at = now + hour_ms;
    this.#database
      .delete(outbox)
      .where(lt(outbox.created_at, now - kept_ms))
      .run();
  }
}

/** What is further away than any delay was written while the clock was ahead. */
const isDue = (now: number) =>
  or(lte(outbox.next_attempt_at, now), gt(outbox.next_attempt_at, now + 2 * longest_delay_ms));
