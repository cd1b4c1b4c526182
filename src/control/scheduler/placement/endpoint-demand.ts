/** What placement is asked for an endpoint, and what may stop for it. Pure. */
import type { Endpoint } from "../../models/endpoints/endpoint.ts";
import { taskArguments } from "../../models/endpoints/task.ts";
import type { Artifact } from "../../models/resolution/artifact.ts";
import type { FindMeasured } from "../sizing/measured.ts";
import type { Evictable } from "./eviction.ts";
import type { Demand, Fit, Held } from "./fleet.ts";
import { cpu } from "./kinds.ts";
import { measuredFit } from "./measured-fit.ts";
import { fitOf } from "./need.ts";

/** A sizing is asked for every kind of device, so it is kept as long as what it is of. */
const fits = new WeakMap<Artifact, Fit>();

/** What placement looks at of an endpoint. */
interface Placeable {
  artifact: Artifact;
  spec: Pick<Endpoint["spec"], "gpu" | "concurrency" | "labels" | "task" | "args" | "env">;
}

export function demandOf(
  { spec, artifact }: Placeable,
  beside: ReadonlySet<string> = new Set(),
  measured: FindMeasured = () => null,
): Demand {
  const estimate = fits.get(artifact) ?? fitOf({ ...spec, ...artifact });
  fits.set(artifact, estimate);
  const { runtime, source } = artifact;
  const fit = measuredFit(estimate, runtime !== "llama-server", (kind) =>
    measured({
      source,
      runtime,
      context: artifact.context_tokens,
      slots: spec.concurrency,
      gpu: kind,
      gpus: kind === cpu ? 0 : spec.gpu.count,
      args: argumentsOf(spec, runtime),
      env: spec.env,
    }),
  );
  return { ...fit, runtime, source, labels: spec.labels, gpu_type: spec.gpu.type, beside };
}

/** A replica as far as placement looks at it. */
interface PoolReplica {
  row: Held & {
    id: string;
    owner_id: string;
    /** 0 for shared models. */
    revision: number;
    unwanted_since: number | null;
    spec: { model: string };
  };
  state: string;
  observed: { started_at_ms: number; ready_after_ms: number } | null;
}

interface Traffic {
  demandOf(owner_id: string): { last_active_at: number };
  inflightOf(replica_id: string): number;
}

/** Ready replicas of shared models whose memory is known. */
export function evictableIn(
  { demandOf: trafficOf, inflightOf }: Traffic,
  replicas: readonly PoolReplica[],
): Evictable[] {
  return replicas
    .filter(
      ({ row, state }) =>
        row.revision === 0 &&
        row.unwanted_since === null &&
        row.devices.length > 0 &&
        state === "ready",
    )
    .map(({ row, observed }) => ({
      replica_id: row.id,
      host_id: row.host_id,
      devices: row.devices,
      bytes_per_device: row.bytes_per_device,
      model: row.spec.model,
      last_used_at: trafficOf(row.owner_id).last_active_at,
      ready_since: observed ? observed.started_at_ms + observed.ready_after_ms : 0,
      busy: inflightOf(row.id) > 0,
    }));
}

/** What its replicas are started with beside what the agent decides. */
export const argumentsOf = (
  { task, args }: Pick<Endpoint["spec"], "task" | "args">,
  runtime: Artifact["runtime"],
): string[] => [...taskArguments(task, runtime), ...args];
