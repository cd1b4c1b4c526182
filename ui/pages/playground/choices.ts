/** What may be asked: the shared models, then Dedicated endpoints. Pure. */
import type { EndpointView, ModelView } from "../../../src/app/control-api.ts";

export interface Choice {
  /** The name for `model`. */
  id: string;
  ready_replicas: number;
  /** Why it is not ready, in a word or two; null when it is. */
  state: string | null;
}

/** One that is to go, or cannot come back without help, is no choice. */
const answering = new Set(["up", "updating", "sleeping", "waking_up", "building"]);

export function choicesOf(
  models: readonly Pick<ModelView, "id" | "enabled" | "ready_replicas">[],
  endpoints: readonly Pick<EndpointView, "name" | "status" | "ready_replicas">[],
): Choice[] {
  const pool = models
    .filter(({ enabled }) => enabled)
    .map(({ id, ready_replicas }) => ({
      id,
      ready_replicas,
      state: ready_replicas > 0 ? null : "not ready",
    }));
  const own = endpoints
    .filter(({ status, name }) => answering.has(status) && pool.every(({ id }) => id !== name))
    .map(({ name: id, status, ready_replicas }) => ({
      id,
      ready_replicas,
      state: status === "up" ? null : status.replaceAll("_", " "),
    }));
  return [...pool, ...own];
}
