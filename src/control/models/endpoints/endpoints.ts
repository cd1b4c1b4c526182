import { Failure, notFound } from "../../../shared/failure.ts";
import { randomBase62 } from "../../../shared/identifier.ts";
import type { Database } from "../../storage/database.ts";
import type { Secrets } from "../../storage/secrets.ts";
import type { Artifact } from "../resolution/artifact.ts";
import type { Endpoint } from "./endpoint.ts";
import { type EndpointEvent, EndpointRows, wakes_kept } from "./endpoint-rows.ts";
import { keepProvisionKey, type ProvisionKey, provisionOf } from "./provision-keys.ts";
import type { EndpointSpec } from "./spec.ts";
import type { Change, Depth, EndpointState, Intent } from "./status.ts";
import { type Wake, type WakeTimes, wakeTimesOf } from "./wake-times.ts";

export interface NewEndpoint {
  /** Its owner. */
  user_id: string;
  name: string;
  spec: EndpointSpec;
  artifact: Artifact;
  /** Empty for none. */
  hf_token: string;
  /** Kept in the same transaction, so that a repeated request finds the endpoint also after a crash. */
  idempotency?: Omit<ProvisionKey, "endpoint_id">;
}

export interface EndpointChanges {
  name?: string;
  spec?: EndpointSpec;
  /** Given when what is run has changed: the revision grows, and the one before is kept. */
  artifact?: Artifact;
  /** Empty clears it. */
  hf_token?: string;
  /** A failed endpoint is to try again with these changes. */
  retry?: boolean;
}

/**
 * The Dedicated endpoints: what people asked for and where each stands. All are in memory; every change
 * is committed before memory changes and listeners hear. Only the lifecycle moves a status, through
 * `write` and `keep`; people change specs and intents.
 */
export class Endpoints {
  readonly #database: Database;
  readonly #secrets: Secrets;
  readonly #now: () => number;
  readonly #rows: EndpointRows;
  readonly #known = new Map<string, Endpoint>();
  readonly #tokens = new Map<string, string>();
  readonly #wakes = new Map<string, readonly Wake[]>();
  readonly #listeners = new Set<() => void>();
  #list: readonly Endpoint[] | undefined;

  constructor(database: Database, secrets: Secrets, now: () => number) {
    this.#database = database;
    this.#secrets = secrets;
    this.#now = now;
    this.#rows = new EndpointRows(database);
    for (const { hf_token_sealed, ...endpoint } of this.#rows.all()) {
      this.#remember(endpoint, hf_token_sealed);
    }
    for (const { endpoint_id, ...wake } of this.#rows.wakes()) this.#addWake(endpoint_id, wake);
  }

  /** Oldest first. */
  list(): readonly Endpoint[] {
    this.#list ??= [...this.#known.values()];
    return this.#list;
  }

  /** By id (`endpt-...`) or by name. */
  find(idOrName: string): Endpoint | undefined {
    return this.#known.get(idOrName) ?? this.list().find(({ name }) => name === idOrName);
  }

  /** Throws 409 when the name is taken. */
  create({ user_id, name, spec, artifact, hf_token, idempotency }: NewEndpoint): Endpoint {
    this.refuseTaken(name);
    const created_at = this.#now();
    const id = `endpt-${randomBase62(20)}`;
    const endpoint: Endpoint = {
      id,
      name,
      user_id,
      spec,
      artifact,
      created_at,
      revision: 1,
      previous: null,
      standing: firstStanding(spec, created_at),
    };
    const hf_token_sealed = this.#sealed(id, hf_token);
    this.#database.transaction((tx) => {
      this.#rows.insert({ ...endpoint, hf_token_sealed });
      this.#rows.addEvent(id, {
        at: created_at,
        from: "",
        to: "building",
        reason: "provisioned",
        detail: "",
      });
      if (idempotency) keepProvisionKey(tx, { ...idempotency, endpoint_id: id }, created_at);
    });
    return this.#changed(endpoint, hf_token_sealed);
  }

  /** What this user has provisioned with an `Idempotency-Key` within the last day. */
  provisioned(user_id: string, key: string): ProvisionKey | undefined {
    return provisionOf(this.#database, user_id, key, this.#now());
  }

  update(idOrName: string, changes: EndpointChanges): Endpoint {
    const before = this.existing(idOrName);
    const { name = before.name, spec = before.spec, artifact, hf_token, retry } = changes;
    this.refuseTaken(name, before.id);
    const { revision, previous } = before;
    const after: Endpoint = {
      ...before,
      name,
      spec,
      ...(artifact && {
        artifact,
        revision: revision + 1,
        previous: previous ?? { spec: before.spec, artifact: before.artifact, revision },
      }),
      ...(retry && { standing: asked(before.standing, "run", this.#now()) }),
    };
    const sealed =
      hf_token === undefined
        ? (this.#tokens.get(before.id) ?? null)
        : this.#sealed(before.id, hf_token);
    this.#rows.saveAll(after, sealed);
    return this.#changed(after, sealed);
  }

  /** WAKE: it is to be started now, without waiting for a request. */
  setIntent(idOrName: string, intent: Intent, wake = false): Endpoint {
    const before = this.existing(idOrName);
    const standing = asked(before.standing, intent, wake ? this.#now() : null);
    const after = { ...before, standing };
    this.#rows.saveStanding(after);
    return this.#changed(after, this.#tokens.get(before.id) ?? null);
  }

  /** The rows of what the lifecycle has decided; inside its transaction, followed by `keep`. */
  write(changes: readonly Change[]): void {
    for (const change of changes) {
      const { endpoint_id: id, transition, wake } = change;
      const before = this.#known.get(id);
      if (!before) continue;
      const after = decided(before, change);
      if (transition) this.#rows.addEvent(id, transition);
      if (!after) this.#rows.remove(id);
      else if (after.previous === before.previous) this.#rows.saveStanding(after);
      else this.#rows.saveAll(after, this.#tokens.get(id) ?? null);
      if (after && wake) this.#rows.addWake(id, { ...wake, at: after.standing.since });
    }
  }

  /** The same in memory, after the commit. */
  keep(changes: readonly Change[]): void {
    if (changes.length === 0) return;
    for (const change of changes) {
      const { endpoint_id: id, wake } = change;
      const before = this.#known.get(id);
      if (!before) continue;
      const after = decided(before, change);
      if (after) this.#remember(after, this.#tokens.get(id) ?? null);
      else this.#forget(id);
      if (after && wake) this.#addWake(id, wake);
    }
    this.#tell();
  }

  /**
   * In the clear; empty without one. A token that the key file does not open any more counts as none:
   * weights that are there need none, and the hub's refusal says which field to set again.
   */
  tokenOf(id: string): string {
    const sealed = this.#tokens.get(id);
    if (sealed === undefined) return "";
    try {
      return this.#secrets.open(sealed, aboutToken(id));
    } catch {
      return "";
    }
  }

  hasToken(id: string): boolean {
    return this.#tokens.has(id);
  }

  /** Null before its first wake. */
  wakeTimes(id: string): WakeTimes | null {
    const standing = this.#known.get(id)?.standing;
    return wakeTimesOf(this.#wakes.get(id) ?? [], standing ? depthOf(standing) : null);
  }

  /** Newest first; BEFORE is the id of an event, null for the newest. */
  events(id: string, { limit, before }: { limit: number; before: number | null }): EndpointEvent[] {
    return this.#rows.eventsOf(id, limit, before);
  }

  /** LISTENER is called after every committed change. */
  onChange(listener: () => void): void {
    this.#listeners.add(listener);
  }

  /** Throws 404. */
  existing(idOrName: string): Endpoint {
    const endpoint = this.find(idOrName);
    if (endpoint) return endpoint;
    throw noSuchEndpoint();
  }

  /** Throws 409 when another endpoint than EXCEPTID has this name. */
  refuseTaken(name: string, exceptId?: string): void {
    if (!this.list().some((other) => other.name === name && other.id !== exceptId)) return;
    throw new Failure(409, `There is an endpoint named ${name} already. Choose another name.`, {
      code: "endpoint_exists",
      param: "name",
    });
  }

  #sealed(id: string, hf_token: string): string | null {
    return hf_token === "" ? null : this.#secrets.seal(hf_token, aboutToken(id));
  }

  #changed(endpoint: Endpoint, hf_token_sealed: string | null): Endpoint {
    const kept = this.#remember(endpoint, hf_token_sealed);
    this.#tell();
    return kept;
  }

  #remember(endpoint: Endpoint, hf_token_sealed: string | null): Endpoint {
    const { spec, artifact, standing, previous } = endpoint;
    for (const part of [endpoint, spec, artifact, standing, previous]) Object.freeze(part);
    this.#known.set(endpoint.id, endpoint);
    if (hf_token_sealed === null) this.#tokens.delete(endpoint.id);
    else this.#tokens.set(endpoint.id, hf_token_sealed);
    this.#list = undefined;
    return endpoint;
  }

  #forget(id: string): void {
    for (const map of [this.#known, this.#tokens, this.#wakes]) map.delete(id);
    this.#list = undefined;
  }

  #addWake(id: string, wake: Wake): void {
    this.#wakes.set(id, [...(this.#wakes.get(id) ?? []), wake].slice(-wakes_kept));
  }

  #tell(): void {
    for (const listener of this.#listeners) listener();
  }
}

/** How deep it sleeps, also while it wakes from there; null when it does neither. */
export const depthOf = ({ status, depth }: EndpointState): Depth | null =>
  status === "sleeping" || status === "waking_up" ? depth : null;

/** One answer for what there is not and for what the caller may not know of. */
export const noSuchEndpoint = (): Failure =>
  notFound("There is no such endpoint. GET /api/endpoints lists the ones that you may see.");

/** A sealed token opens only in the row that it was sealed for. */
const aboutToken = (id: string): string => `endpoint.hf_token.${id}`;

const firstStanding = ({ min_replicas }: EndpointSpec, now: number): EndpointState => ({
  status: "building",
  since: now,
  intent: "run",
  target: Math.max(1, min_replicas),
  cause: "",
  detail: "",
  log_tail: [],
  last_active_at: 0,
  wake_asked_at: null,
  unready_since: null,
  depth: "stopped",
});

const asked = (
  standing: EndpointState,
  intent: Intent,
  wake_asked_at: number | null,
): EndpointState => ({
  ...standing,
  intent,
  wake_asked_at,
});

/** What CHANGE makes of an endpoint; undefined when nothing is left of it. */
function decided(before: Endpoint, { standing, previous }: Change): Endpoint | undefined {
  if (!standing) return undefined;
  if (previous === "keep" || before.previous === null) return { ...before, standing };
  const restored = previous === "restore" ? before.previous : {};
  return { ...before, ...restored, previous: null, standing };
}
