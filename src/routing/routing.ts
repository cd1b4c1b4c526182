/** Which replica takes the next request. All in memory: composition replaces the snapshot on every change. */
import { Failure, modelNotFound } from "../failure.ts";
import { leastLoaded } from "./least-load.ts";

export interface ReadyReplica {
  id: string;
  host: string;
  port: number;
  /** Set when HOST and PORT are those of the relay of another machine. */
  relay?: { server_name: string; certificate_sha256: string };
  /** The name that the runtime knows the model by. */
  model: string;
  /** Requests that it works on at the same time, at least 1. */
  slots: number;
}

export interface RoutedModel {
  name: string;
  /** Milliseconds since the epoch. */
  created_at: number;
  ready: readonly ReadyReplica[];
  /** Why none is ready, as a sentence for the client; null when nobody knows more. */
  reason: string | null;
}

export interface Claimed {
  replica: ReadyReplica;
  /** Gives the place back; a second call does nothing. */
  release(): void;
}

export interface Routing {
  /** The models that exist from now on. In-flight counts stay, also of replicas that are gone. */
  replace(models: readonly RoutedModel[]): void;
  /**
   * A place on the least loaded ready replica of MODEL outside EXCEPT. Throws 404 `model_not_found`,
   * or 503 `model_starting` / `overloaded` with `retry-after`.
   */
  claim(model: string, except: ReadonlySet<string>): Claimed;
  /** The replica could not be reached: for two seconds it is taken only when there is no other. */
  unreachable(replicaId: string): void;
  models(): { name: string; created_at: number }[];
  /** Requests in flight on a replica. */
  inflight(replicaId: string): number;
}

const ejectionMs = 2_000;

/** NOW: milliseconds, never going back. */
export function createRouting(now: () => number): Routing {
  let models = new Map<string, RoutedModel>();
  const inflight = new Map<string, number>();
  const ejectedUntil = new Map<string, number>();
  let turn = 0;

  function isEjected(replicaId: string): boolean {
    const until = ejectedUntil.get(replicaId);
    if (until === undefined) return false;
    if (now() < until) return true;
    ejectedUntil.delete(replicaId);
    return false;
  }

  function choose(ready: readonly ReadyReplica[], except: ReadonlySet<string>) {
    const candidates = ready.filter(({ id }) => !except.has(id));
    const trusted = candidates.filter(({ id }) => !isEjected(id));
    const loads = (trusted.length > 0 ? trusted : candidates).map((replica) => ({
      replica,
      slots: replica.slots,
      inflight: inflight.get(replica.id) ?? 0,
    }));
    return leastLoaded(loads, turn++)?.replica ?? null;
  }

  function occupy(replicaId: string): () => void {
    inflight.set(replicaId, (inflight.get(replicaId) ?? 0) + 1);
    let held = true;
    return () => {
      if (!held) return;
      held = false;
      const left = (inflight.get(replicaId) ?? 1) - 1;
      if (left > 0) inflight.set(replicaId, left);
      else inflight.delete(replicaId);
    };
  }

  return {
    replace(next) {
      models = new Map(next.map((model) => [model.name, model]));
      const ids = new Set(next.flatMap(({ ready }) => ready.map(({ id }) => id)));
      for (const id of ejectedUntil.keys()) if (!ids.has(id)) ejectedUntil.delete(id);
    },
    claim(name, except) {
      const model = models.get(name);
      if (!model) throw modelNotFound(name);
      const replica = choose(model.ready, except);
      if (!replica) throw noReplica(model);
      return { replica, release: occupy(replica.id) };
    },
    unreachable(replicaId) {
      ejectedUntil.set(replicaId, now() + ejectionMs);
    },
    models: () => [...models.values()].map(({ name, created_at }) => ({ name, created_at })),
    inflight: (replicaId) => inflight.get(replicaId) ?? 0,
  };
}

/** Without a ready replica the model is on its way up; with some, all of them have just been tried. */
function noReplica(model: RoutedModel): Failure {
  if (model.ready.length > 0) {
    return new Failure(503, "No replica of this model can take the request. Try again shortly.", {
      code: "overloaded",
      headers: { "retry-after": "1" },
    });
  }
  return new Failure(503, model.reason ?? "The model is starting. Try again in a few seconds.", {
    code: "model_starting",
    headers: { "retry-after": "5" },
  });
}
