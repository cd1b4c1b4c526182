/** The SQL of endpoints, prepared once: one pass of the lifecycle may write thousands of changes. */
import { and, count, desc, eq, lt } from "drizzle-orm";
import type { Status } from "../../../shared/endpoint-status.ts";
import type { Database } from "../../storage/database.ts";
import type { Endpoint, EndpointRow } from "./endpoint.ts";
import type { EndpointSpec } from "./spec.ts";
import type { Transition } from "./status.ts";
import { endpoint_events, endpoint_wakes, endpoints } from "./table.ts";
import type { Wake } from "./wake-times.ts";

/** An event row as people read it. */
export interface EndpointEvent extends Transition {
  id: number;
}

/** How many wakes of an endpoint are kept. */
export const wakes_kept = 20;
/** Of one endpoint; older ones go. */
export const events_kept = 10_000;

export class EndpointRows {
  readonly #database: Database;
  readonly #saveStanding;
  readonly #saveAll;
  readonly #remove;
  readonly #addEvent;
  readonly #trimEvents;
  readonly #addWake;
  readonly #trimWakes;
  readonly #removeWakes;
  /** Events of each endpoint, so that the many that are far from the limit are not counted again. */
  readonly #events: Map<string, number>;

  constructor(database: Database) {
    const { $client: client } = database;
    this.#database = database;
    this.#saveStanding = client.prepare("update endpoints set standing = ? where id = ?");
    this.#saveAll = client.prepare(
      "update endpoints set name = ?, spec = ?, artifact = ?, revision = ?, previous = ?, hf_token_sealed = ?, standing = ? where id = ?",
    );
    this.#remove = client.prepare("delete from endpoints where id = ?");
    this.#addEvent = client.prepare(
      'insert into endpoint_events (endpoint_id, at, "from", "to", reason, detail) values (?, ?, ?, ?, ?, ?)',
    );
    this.#trimEvents = client.prepare(trimming("endpoint_events", events_kept));
    this.#addWake = client.prepare(
      "insert into endpoint_wakes (endpoint_id, at, depth, duration_ms) values (?, ?, ?, ?)",
    );
    this.#trimWakes = client.prepare(trimming("endpoint_wakes", wakes_kept));
    this.#removeWakes = client.prepare("delete from endpoint_wakes where endpoint_id = ?");
    const counts = database
      .select({ id: endpoint_events.endpoint_id, events: count() })
      .from(endpoint_events)
      .groupBy(endpoint_events.endpoint_id)
      .all();
    this.#events = new Map(counts.map(({ id, events }) => [id, events]));
  }

  all(): EndpointRow[] {
    const rows = this.#database
      .select()
      .from(endpoints)
      .orderBy(endpoints.created_at, endpoints.id)
      .all();
    return rows.map(completed);
  }

  /** Oldest first. */
  wakes(): (Wake & { endpoint_id: string })[] {
    return this.#database.select().from(endpoint_wakes).orderBy(endpoint_wakes.id).all();
  }

  insert(row: EndpointRow): void {
    this.#database.insert(endpoints).values(row).run();
  }

  saveStanding({ id, standing }: Endpoint): void {
    this.#saveStanding.run(JSON.stringify(standing), id);
  }

  saveAll(endpoint: Endpoint, hf_token_sealed: string | null): void {
    const { id, name, spec, artifact, revision, previous, standing } = endpoint;
    this.#saveAll.run(
      name,
      JSON.stringify(spec),
      JSON.stringify(artifact),
      revision,
      previous && JSON.stringify(previous),
      hf_token_sealed,
      JSON.stringify(standing),
      id,
    );
  }

  remove(id: string): void {
    this.#remove.run(id);
    this.#removeWakes.run(id);
    this.#events.delete(id);
  }

  addEvent(id: string, { at, from, to, reason, detail }: Transition): void {
    this.#addEvent.run(id, at, from, to, reason, detail);
    const events = (this.#events.get(id) ?? 0) + 1;
    this.#events.set(id, Math.min(events, events_kept));
    if (events > events_kept) this.#trimEvents.run(id, id);
  }

  addWake(id: string, { at, depth, duration_ms }: Wake & { at: number }): void {
    this.#addWake.run(id, at, depth, Math.round(duration_ms));
    this.#trimWakes.run(id, id);
  }

  /** Newest first, only those older than event BEFORE. */
  eventsOf(id: string, limit: number, before: number | null): EndpointEvent[] {
    const older = before === null ? undefined : lt(endpoint_events.id, before);
    const rows = this.#database
      .select()
      .from(endpoint_events)
      .where(and(eq(endpoint_events.endpoint_id, id), older))
      .orderBy(desc(endpoint_events.id))
      .limit(limit)
      .all();
    return rows.map(({ endpoint_id: _, from, to, ...event }) => ({
      ...event,
      from: from as Status | "",
      to: to as Status,
    }));
  }
}

/** What rows of versions that did not know of sleep in place lack. */
const older_spec = { l1_timeout_s: 0 };
const older_standing = { depth: "stopped" } as const;

function completed({ spec, standing, previous, ...row }: EndpointRow): EndpointRow {
  const whole = (each: EndpointSpec): EndpointSpec => ({ ...older_spec, ...each });
  return {
    ...row,
    spec: whole(spec),
    standing: { ...older_standing, ...standing },
    previous: previous && { ...previous, spec: whole(previous.spec) },
  };
}

const trimming = (table: string, kept: number): string =>
  `delete from ${table} where endpoint_id = ? and id <= (select id from ${table} where endpoint_id = ? order by id desc limit 1 offset ${kept})`;
