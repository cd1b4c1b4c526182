/** One pass over the whole fleet: what changes, what starts, what stops, and where. Pure. */
import type { Endpoint } from "../../models/endpoints/endpoint.ts";
import type { EndpointState } from "../../models/endpoints/status.ts";
import { autoscale, calm, type Pressure } from "./dedicated/autoscale.ts";
import { afterPlacing, decide } from "./dedicated/decide.ts";
import type { Decision, ReplicaView, Rules } from "./dedicated/situation.ts";
import { PlacementPlan } from "./placement-plan.ts";
import type { Plan } from "./plan.ts";
import { pool } from "./pool.ts";
import { planSleep, settledDepth } from "./sleep-plan.ts";
import {
  type FleetHost,
  joined,
  lostHosts,
  provenGone,
  type ReplicaStatus,
  type World,
} from "./world.ts";

export function pass(world: World, rules: Rules, pressures: ReadonlyMap<string, Pressure>): Plan {
  const hosts = new Map(world.hosts.map((host) => [host.id, host]));
  const gone = provenGone(world.rows, hosts);
  const isGone = new Set(gone);
  const rows = gone.length === 0 ? world.rows : world.rows.filter(({ id }) => !isGone.has(id));
  const statuses = joined(rows, world.hosts);
  const lost = lostHosts(world.hosts);
  const places = new PlacementPlan(world, statuses);
  const byOwner = Map.groupBy(statuses, ({ row }) => row.owner_id);
  const plan: Plan = {
    changes: [],
    add: [],
    unwanted: [],
    gone,
    sleep_intents: [],
    renew: [],
    pressures,
    unschedulable: new Map(),
  };
  plan.pressures = dedicated(world, rules, { plan, places, byOwner, hosts, lost, pressures });
  pool(world, { plan, places, statuses, lost });
  plan.add = places.taken;
  plan.unwanted.push(...places.evicted);
  return plan;
}

interface PassContext {
  plan: Plan;
  places: PlacementPlan;
  byOwner: ReadonlyMap<string, readonly ReplicaStatus[]>;
  hosts: ReadonlyMap<string, FleetHost>;
  lost: ReadonlySet<string>;
  pressures: ReadonlyMap<string, Pressure>;
}

/** Dedicated endpoints come first: Elastic takes what they leave. */
function dedicated(world: World, rules: Rules, bench: PassContext): Map<string, Pressure> {
  const pressures = new Map<string, Pressure>();
  for (const endpoint of world.endpoints) {
    const members = membersOf(bench.byOwner.get(endpoint.id) ?? [], bench, world);
    const demand = world.demandOf(endpoint.id);
    const scaled = scale(world, endpoint, members, bench.pressures.get(endpoint.id));
    if (scaled.pressure !== calm) pressures.set(endpoint.id, scaled.pressure);
    const statuses = bench.byOwner.get(endpoint.id) ?? [];
    const wished = decide(endpoint, members, demand, scaled.target, rules);
    const { decision: able, sleep_intents } = planSleep(endpoint, wished, statuses, bench.places);
    const decided = settledDepth(able, endpoint, world.hosts);
    bench.plan.sleep_intents.push(...sleep_intents);
    bench.plan.unwanted.push(...decided.stop);
    const decision = decided.start > 0 ? placed(endpoint, decided, members, rules, bench) : decided;
    if (hasEffect(endpoint.standing, decision)) bench.plan.changes.push(decision);
  }
  return pressures;
}

/** Tries to find a place for every replica that should start; the first refusal is what people read. */
function placed(
  endpoint: Endpoint,
  decision: Decision,
  members: readonly ReplicaView[],
  rules: Rules,
  { places }: PassContext,
): Decision {
  const stopped = new Set(decision.stop);
  const beside = new Set(
    members.filter(({ id, wanted }) => wanted && !stopped.has(id)).map(({ host_id }) => host_id),
  );
  for (let count = 0; count < decision.start; count++) {
    const refused = places.take(endpoint, beside);
    if (refused) return afterPlacing(decision, refused, rules);
  }
  const { standing } = decision;
  // What it waited for has come.
  if (!standing || standing.detail === "" || standing.cause !== "") return decision;
  return { ...decision, standing: { ...standing, detail: "", unschedulable: false } };
}

function membersOf(
  statuses: readonly ReplicaStatus[],
  { hosts, lost }: PassContext,
  world: World,
): ReplicaView[] {
  return statuses.map(({ row, state, observed }) => ({
    id: row.id,
    host_id: row.host_id,
    revision: row.revision,
    created_at: row.created_at,
    wanted: row.unwanted_since === null,
    state,
    lost: lost.has(row.host_id),
    leaving: hosts.get(row.host_id)?.draining ?? false,
    asleep: row.asleep_bytes !== null,
    missing: observed === null && hosts.get(row.host_id)?.observed != null,
    inflight: world.inflightOf(row.id),
    observed,
  }));
}

function scale(
  world: World,
  endpoint: Endpoint,
  members: readonly ReplicaView[],
  pressure: Pressure | undefined,
) {
  const { standing, spec, revision } = endpoint;
  if (standing.status !== "up") return { target: standing.target, pressure: calm };
  const ready = members.filter(
    (m) => m.wanted && !m.asleep && m.revision === revision && m.state === "ready",
  ).length;
  const { inflight, waiting } = world.demandOf(endpoint.id);
  return autoscale(
    {
      min: spec.min_replicas,
      max: spec.max_replicas,
      target: standing.target,
      ready,
      slots: spec.concurrency,
      inflight,
      waiting,
      ttft_p95_ms: world.ttftOf(endpoint.id),
    },
    pressure ?? calm,
    world.now,
  );
}

function hasEffect(before: EndpointState, { standing, transition, previous }: Decision): boolean {
  if (standing === null || transition !== null || previous !== "keep") return true;
  return (Object.keys(standing) as (keyof EndpointState)[]).some(
    (key) => standing[key] !== before[key],
  );
}
