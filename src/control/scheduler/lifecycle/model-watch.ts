/** How the shared models are doing, for those who look and those who wait. */
import type { ElasticModel } from "./elastic.ts";
import { type ModelPlacement, type ModelStatus, modelStatus } from "./model-status.ts";
import type { Unschedulable } from "./plan.ts";
import type { ReplicaStatus } from "./world.ts";

export interface ModelWatchDeps {
  /** By id or name. */
  find(model: string): ElasticModel | undefined;
  statuses(): readonly ReplicaStatus[];
  unplaced(): ReadonlyMap<string, Unschedulable>;
  hosts(): readonly { id: string; name: string }[];
  /** Why a host's ready replicas cannot be reached; null when they can. */
  hostProblem(host_id: string): string | null;
}

export interface ShownModelStatus extends ModelStatus {
  placement: (ModelPlacement & { host_name: string })[];
}

export class ModelWatch {
  readonly #deps: ModelWatchDeps;
  readonly #waiting = new Set<() => void>();

  constructor(deps: ModelWatchDeps) {
    this.#deps = deps;
  }

  readonly statusOf = (id: string): ShownModelStatus => {
    const { find, statuses, unplaced, hosts, hostProblem } = this.#deps;
    const model = find(id);
    if (!model) throw new Error(`no model ${id}`);
    const status = modelStatus(model, statuses(), { unplaced: unplaced(), hostProblem });
    const names = new Map(hosts().map((host) => [host.id, host.name]));
    const placement = status.placement.map((place) => ({
      ...place,
      host_name: names.get(place.host_id) ?? place.host_id,
    }));
    return { ...status, placement };
  };

  /** Resolves when a replica of the model is ready; rejects with its problem when SIGNAL ends the wait. */
  ready(name: string, signal: AbortSignal): Promise<void> {
    return new Promise((resolve, reject) => {
      const end = (finish: () => void): void => {
        this.#waiting.delete(look);
        finish();
      };
      const look = (): void => {
        const { ready_replicas, problem } = this.statusOf(name);
        if (ready_replicas > 0) end(resolve);
        else if (signal.aborted)
          end(() => reject(new Error(problem ?? `${name} is not ready yet.`)));
      };
      this.#waiting.add(look);
      signal.addEventListener("abort", look);
      look();
    });
  }

  /** A pass of the loop is over. */
  changed(): void {
    for (const look of this.#waiting) look();
  }
}
