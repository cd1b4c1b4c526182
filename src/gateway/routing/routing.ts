/** Which replica takes the next request. All in memory: composition replaces the snapshot on every change. */
import { modelNotFound } from "../../shared/failure.ts";
import type { FailureCause } from "./breaker.ts";
import { Directory } from "./directory.ts";
import { type Place, ReplicaLoad } from "./replica-load.ts";
import type { RoutedAlias, RoutedModel } from "./snapshot.ts";
import type { Claimed, Entry, Target } from "./target.ts";
import { type Demand, Traffic } from "./traffic.ts";
import { isServing, noneLeft, unavailable } from "./unavailable.ts";
import type { Asker } from "./visibility.ts";
import { type Waiting, waitingFor } from "./waiting.ts";

export type {} from "./directory.ts";
export type { ReadyReplica, RoutedAlias, RoutedEndpoint, RoutedModel } from "./snapshot.ts";
export type { Demand } from "./traffic.ts";
export type { Waiting } from "./waiting.ts";

export interface Routing {
  /** What exists from now on. Requests in flight are counted on, also on replicas that are gone. */
  replace(models: readonly RoutedModel[], aliases?: readonly RoutedAlias[]): void;
  /**
   * What NAME stands for, an endpoint also by its id. Of an alias it is one of the targets, always the same
   * for equal STICKY. Throws 404, also for what ASKER may not use.
   */
  find(name: string, asker: Asker, sticky?: string | null): Target;
  /** The same for endpoints alone, by id alone. */
  findEndpoint(id: string, asker: Asker): Target;
  /**
   * A place on the best ready replica outside EXCEPT, or the way to wait for one. AFFINITY is asked only
   * where there is a choice: equal numbers get the same replica while it is not much busier than others.
   * It is taken as one place, on a replica that may be given PLACES. Throws 404, or 503 when no waiting helps.
   */
  claim(
    target: Target,
    except: ReadonlySet<string>,
    affinity?: () => number,
    places?: number,
  ): Claimed | Waiting;
  /** How a replica did; CAUSE says more of one that did not do well. */
  outcome(replicaId: string, ok: boolean, cause?: FailureCause): void;
  /** What ASKER may use. */
  models(asker: Asker): readonly { name: string; created_at: number }[];
  /** Requests in flight on a replica, by the places that they take. */
  inflight(replicaId: string): number;
  demand(endpointId: string): Demand;
  /** A request has begun to wait for an endpoint: the lifecycle must look now. Returns the way to stop. */
  onDemand(listener: () => void): () => void;
}

export interface Clock {
  /** Milliseconds since the epoch. */
  now(): number;
  /** Milliseconds, never going back. */
  steady(): number;
}

const nobody: ReadonlySet<string> = new Set();
const noDemand: Demand = { inflight: 0, waiting: 0, last_active_at: 0 };

export interface RoutingOptions {
  /** Requests that may wait for one endpoint. */
  max_waiting?: number;
  /** A number from 0 up to 1, for the shares of aliases. */
  dice?(): number;
}

export function createRouting(
  clock: Clock,
  { max_waiting = 1_000, dice = Math.random }: RoutingOptions = {},
): Routing {
  const places = new ReplicaLoad(clock.steady);
  const directory = new Directory(dice);
  const listeners = new Set<() => void>();
  const tellListeners = (): void => {
    for (const listener of listeners) listener();
  };

  function entryOf(model: RoutedModel): Entry {
    const { id, name, endpoint, created_at } = model;
    const newTraffic = () => new Traffic<Claimed>(max_waiting, tellListeners);
    return {
      model,
      target: { id, name, endpoint: endpoint ? id : null, created_at, fallbacks: [] },
      places: places.of(model.ready),
      traffic: endpoint ? (directory.get(id)?.traffic ?? newTraffic()) : null,
    };
  }

  function take(
    { model, places: ready, traffic }: Entry,
    except: ReadonlySet<string>,
    affinity?: () => number,
    count?: number,
  ): Claimed | null {
    if (!isServing(model.endpoint)) return null;
    const place = places.choose(ready, except, affinity, count);
    return place && occupy(place, traffic);
  }

  function occupy(place: Place, traffic: Traffic<Claimed> | null): Claimed {
    const trial = places.enter(place);
    if (traffic) traffic.inflight++;
    let held = 1;
    return {
      replica: place.replica,
      widen(wanted) {
        if (held === 0) return;
        place.load.inflight += wanted - held;
        if (traffic) traffic.inflight += wanted - held;
        held = wanted;
      },
      share: () => places.share(place, held),
      release() {
        if (held === 0) return;
        places.leave(place, trial, held);
        if (traffic) traffic.inflight -= held;
        held = 0;
        if (!traffic) return;
        traffic.last_active_at = clock.now();
      },
    };
  }

  /** Those who wait hear what the new snapshot means for them. */
  function settle(entry: Entry): void {
    const { model, traffic } = entry;
    if (!traffic || !model.endpoint) return;
    traffic.becomes(model.endpoint.standing, clock.steady());
    if (traffic.room.size === 0) return;
    traffic.room.admit(() => take(entry, nobody));
    const { cold_start, failure } = unavailable(model);
    if (cold_start === "never") traffic.room.dismiss(failure);
  }

  return {
    replace(models, aliases = []) {
      places.begin();
      const entries = models.map(entryOf);
      places.end();
      for (const { traffic, target } of directory.replace(entries, aliases)) {
        traffic?.room.dismiss(modelNotFound(target.name));
      }
      for (const entry of entries) settle(entry);
    },
    find: (name, asker, sticky = null) => directory.find(name, asker, sticky),
    findEndpoint: (id, asker) => directory.findEndpoint(id, asker),
    claim(target, except, affinity, count) {
      const entry = directory.get(target.id);
      if (!entry) throw modelNotFound(target.name);
      const claimed = take(entry, except, affinity, count);
      if (claimed) return claimed;
      const { model, traffic } = entry;
      const { endpoint } = model;
      if (isServing(endpoint) && model.ready.length > 0) throw noneLeft();
      const { cold_start, failure } = unavailable(model);
      if (cold_start === "never" || !traffic || !endpoint) throw failure;
      return waitingFor(target, { endpoint, traffic, cold_start }, directory, clock.steady);
    },
    outcome: (replicaId, ok, cause = "unreachable") => places.outcome(replicaId, ok ? null : cause),
    models: (asker) => directory.list(asker),
    inflight: (replicaId) => places.inflight(replicaId),
    demand: (endpointId) => directory.get(endpointId)?.traffic?.demand ?? noDemand,
    onDemand(listener) {
      listeners.add(listener);
      return () => listeners.delete(listener);
    },
  };
}

export type { Claimed, Target } from "./target.ts";
