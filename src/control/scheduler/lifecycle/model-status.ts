/** How a shared model is doing, from one pass of the loop: for people and for routing. Pure. */
import type { Cause } from "../../../../agent/contract/protocol/messages.ts";
import type { Phase } from "../../models/endpoints/status.ts";
import { type ElasticModel, runsAs } from "./elastic.ts";
import type { Unschedulable } from "./plan.ts";
import { furthestOf, type Progress, progressOf, wantedOf } from "./start-progress.ts";
import type { ReplicaStatus } from "./world.ts";

export interface ModelStatus {
  /** `placing`: it has no place yet. `stopped`: it wants no replica. */
  status: "disabled" | "stopped" | "placing" | "starting" | "up" | "failed";
  /** How far the replica is that starts and is furthest; null when none does. */
  phase: Phase | null;
  /** Of all its downloads together; null when there is none. */
  progress: Progress | null;
  ready_replicas: number;
  starting_replicas: number;
  /** Why something is wrong, in a word; empty when nothing is, and while it waits for what comes without anybody's help. */
  cause: Cause;
  /** One or two sentences for a person; null when all is well. */
  problem: string | null;
  placement: ModelPlacement[];
}

/** Where a replica runs, or is to run. */
export interface ModelPlacement {
  replica: string;
  host_id: string;
  /** Null where nothing is set aside for it. */
  devices: readonly string[];
  bytes_per_device: number;
  state: ReplicaStatus["state"];
}

export interface ModelStatusDeps {
  unplaced: ReadonlyMap<string, Unschedulable>;
  /** Why a host's ready replicas cannot be reached; null when they can. */
  hostProblem?(host_id: string): string | null;
}

export function modelStatus(
  model: ElasticModel,
  statuses: readonly ReplicaStatus[],
  around: ModelStatusDeps,
): ModelStatus {
  const mine = wantedOf(statuses.filter(({ row }) => row.owner_id === model.id));
  const starting = mine.filter(({ state }) => state === "waiting" || state === "starting");
  const ready_replicas = mine.filter(({ state }) => state === "ready").length;
  const { cause, problem } = model.enabled
    ? troubleOf(model, mine, around)
    : { cause: "" as const, problem: null };
  return {
    status: statusOf(model, mine, { ready_replicas, starting_replicas: starting.length }),
    phase: starting.length === 0 ? null : furthestOf(starting),
    progress: progressOf(mine),
    ready_replicas,
    starting_replicas: starting.length,
    cause,
    problem,
    placement: mine.map(({ row: { id: replica, host_id, devices, bytes_per_device }, state }) => ({
      replica,
      host_id,
      devices,
      bytes_per_device,
      state,
    })),
  };
}

function statusOf(
  { enabled, replicas }: ElasticModel,
  mine: readonly ReplicaStatus[],
  { ready_replicas, starting_replicas }: Pick<ModelStatus, "ready_replicas" | "starting_replicas">,
): ModelStatus["status"] {
  if (!enabled) return "disabled";
  if (ready_replicas > 0) return "up";
  if (starting_replicas > 0) return "starting";
  if (mine.length > 0) return "failed";
  return replicas === 0 ? "stopped" : "placing";
}

const held_back =
  "The ready replicas keep running as before the change. To change them anyway, disable the model and enable it.";

type Problem = Pick<ModelStatus, "cause" | "problem">;

/** What has failed says most; then what nobody can reach, then what has no place. */
function troubleOf(
  model: ElasticModel,
  mine: readonly ReplicaStatus[],
  { unplaced, hostProblem = () => null }: ModelStatusDeps,
): Problem {
  const broken = mine.find(({ state }) => state === "failed" || state === "crashed");
  if (broken) {
    const { detail, cause } = broken.observed ?? {};
    const why = detail || "A replica failed; its log on the host says why.";
    const held = mine.some(({ row, state }) => state === "ready" && !runsAs(row, model));
    return { cause: cause || "runtime_crash", problem: held ? `${why} ${held_back}` : why };
  }
  for (const { state, row } of mine) {
    const unreachable = state === "ready" ? hostProblem(row.host_id) : null;
    if (unreachable === null) continue;
    const problem = `A replica is ready, but not reachable. ${unreachable}`;
    return { cause: "config", problem };
  }
  const refused = unplaced.get(model.id);
  return refused ? { cause: refused.cause, problem: refused.detail } : { cause: "", problem: null };
}

/** For a client that finds no ready replica; null when there is nothing to add. */
export function reasonOf({ status, problem, phase, progress }: ModelStatus): string | null {
  if (problem !== null) return problem;
  if (status === "placing") return "It is being placed on a host. Try again in a few seconds.";
  if (phase !== "downloading") return null;
  const { downloaded_bytes = 0, download_bytes = 0 } = progress ?? {};
  const part =
    download_bytes > 0
      ? ` ${Math.floor((100 * downloaded_bytes) / download_bytes)} % are there.`
      : "";
  return `Its weights are being downloaded.${part} Try again in a minute.`;
}
