/** The part of a pass that is about the shared models: it takes what Dedicated endpoints leave. Pure. */
import { assign, type Short } from "./elastic.ts";
import { inTurn } from "./in-turn.ts";
import type { PlacementPlan } from "./placement-plan.ts";
import type { Plan, Unschedulable } from "./plan.ts";
import type { ReplicaStatus, World } from "./world.ts";

export interface Bench {
  plan: Pick<Plan, "unwanted" | "renew" | "unschedulable">;
  places: PlacementPlan;
  statuses: readonly ReplicaStatus[];
  lost: ReadonlySet<string>;
}

/** Replicas that are to go, to start again or to find a place; places are taken at once. */
export function pool(world: World, { plan, places, statuses, lost }: Bench): void {
  const evicted = new Set(places.evicted);
  const models = new Map(world.models.map((model) => [model.id, model]));
  const mine = statuses.filter(
    ({ row }) => row.revision === 0 && row.unwanted_since === null && !evicted.has(row.id),
  );
  const [current, afresh] = split(mine, ({ row, state }) => {
    const model = models.get(row.owner_id);
    if (!model) return true;
    const failedBefore = state === "failed" && row.created_at < model.changed_at;
    return !failedBefore && places.suits(row, model);
  });
  plan.unwanted.push(...afresh.map(({ row }) => row.id));
  const hosts = world.hosts.map(({ inventory, ...host }) => ({
    ...host,
    runtimes: inventory?.runtimes.map(({ name }) => name) ?? [],
    has_gpu: (inventory?.gpus.length ?? 0) > 0,
  }));
  const rows = current.map(({ row }) => row);
  const changes = assign(world.models, hosts, rows, lost, (model, host_id) =>
    places.takeOn(model, host_id),
  );
  plan.unwanted.push(...changes.remove);
  const turns = inTurn(changes.renew, {
    statuses,
    lost,
    hosts: world.hosts,
    added: changes.add,
  });
  for (const renewal of turns) {
    const row = rows.find(({ id }) => id === renewal.id);
    const model = row && models.get(row.owner_id);
    // One that needs more or less than is reserved for it stops first, and finds its place again.
    if (!row || !model || places.suits(row, model, true)) plan.renew.push(renewal);
    else plan.unwanted.push(row.id);
  }
  for (const short of changes.short) {
    const why = world.fitOf(short.model) === undefined ? null : whyShort(short, places);
    if (why) plan.unschedulable.set(short.model.id, why);
  }
}

function whyShort({ model, kept, full }: Short, places: PlacementPlan): Unschedulable | null {
  if (full.length === 0 && kept > 0) {
    const detail = `It wants ${model.replicas} replicas, and every host that can run one has one. Join another host, or ask for fewer.`;
    return { cause: "no_capacity", detail };
  }
  const refused = places.whyNot(model, full);
  if (!refused) return null;
  const detail = [refused.detail, refused.nearest].filter((words) => words !== null).join(" ");
  return { cause: refused.refused === "wait" ? "" : "no_capacity", detail };
}

function split<Item>(items: readonly Item[], isFirst: (item: Item) => boolean): [Item[], Item[]] {
  return [items.filter(isFirst), items.filter((item) => !isFirst(item))];
}
